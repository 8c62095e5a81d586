// Package proto is the vehicle link's messages, generated from vehicle.proto by `make gen`. Package wire wraps them in our words.
package proto
