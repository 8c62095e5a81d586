// Package link is the contract of the line between vehicles and centre: publish and subscribe by topic, at most once or at
// least once, with nothing promised about loss (DLV-001 stands above it). mqttlink is the real member, memlink the in-memory one for
// tests and the seeded town; both pass linktest.
package link

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"lifeline120/internal/ems"
)

// Message is one message on a topic.
type Message struct {
	Topic   string
	QoS     byte // 0 or 1
	Retain  bool
	Payload []byte
	// Ack is set on messages received with QoS 1: the receiver calls it once it has stored the message (after the commit).
	Ack func()
}

// Handler takes one message. It must not block: hand over by a channel.
type Handler func(Message)

// Event is a change of the connection.
type Event struct {
	Up  bool
	Err error // why it went down; nil on up
}

// Options are what a connection needs beside its name.
type Options struct {
	ClientID string
	Will     *Message    // published by the broker when the connection is lost without Close
	OnEvent  func(Event) // called on each change, in order; must not block
	Persist  bool        // keep the session at the broker across connections (the dispatcher's)
}

// Link is one connection, which reconnects by itself until Close. Subscriptions are renewed on reconnection.
type Link interface {
	// Publish hands m to the connection without waiting for delivery. It fails at once with ErrDown when there is no
	// connection or ErrFull when the bounded send queue is full: the caller still owes what it owed.
	Publish(m Message) error
	// Subscribe asks for messages whose topic matches filter (MQTT wildcards) and waits until the broker has agreed or ctx ends
	// (it is then asked for again on the next connection). Filters of one link must not overlap: a broker may send twice what
	// matches two of them.
	Subscribe(ctx context.Context, filter string, qos byte, h Handler) error
	// Close ends the connection in good order: no will.
	Close() error
}

// Dialer opens links. Dial returns at once and fails only when its options are wrong: the connection comes up in the background,
// which OnEvent tells, and what a persistent session held back is kept until somebody subscribes to it.
type Dialer interface {
	Dial(ctx context.Context, o Options) (Link, error)
}

// Errors of Publish.
var (
	ErrDown = errors.New("link: no connection")
	ErrFull = errors.New("link: send queue is full")
)

// Topic names the topic of one unit: ems/v1/<region>/<unit>/<rest>.
func Topic(r ems.RegionID, u ems.UnitID, rest string) string {
	return "ems/v1/" + string(r) + "/" + string(u) + "/" + rest
}

// The rest of a unit's topics (docs/link.md).
const (
	UpLive        = "up/live"
	UpUrgent      = "up/urgent"
	UpReading     = "up/backlog/reading"
	UpPosition    = "up/backlog/position"
	UpWave        = "up/backlog/wave"
	UpPhoto       = "up/backlog/photo"
	UpPresence    = "up/presence"
	DownOwed      = "down/owed"
	DownStored    = "down/stored"
	DownWay       = "down/way"
	DownHospitals = "down/hospitals"
)

// ParseTopic takes a topic apart; a topic that is not ours is an error.
func ParseTopic(topic string) (r ems.RegionID, u ems.UnitID, rest string, err error) {
	p := strings.SplitN(topic, "/", 5)
	if len(p) != 5 || p[0] != "ems" || p[1] != "v1" {
		return "", "", "", fmt.Errorf("parse topic %q: want ems/v1/<region>/<unit>/...", topic)
	}
	if err := ems.CheckName(p[2]); err != nil {
		return "", "", "", fmt.Errorf("parse topic %q: region: %w", topic, err)
	}
	if err := ems.CheckName(p[3]); err != nil {
		return "", "", "", fmt.Errorf("parse topic %q: unit: %w", topic, err)
	}
	return ems.RegionID(p[2]), ems.UnitID(p[3]), p[4], nil
}

// Match says whether a topic matches a filter with MQTT wildcards: + is one level, # is all that follow.
func Match(filter, topic string) bool {
	for {
		f, frest, fmore := strings.Cut(filter, "/")
		if f == "#" {
			return true
		}
		t, trest, tmore := strings.Cut(topic, "/")
		if f != "+" && f != t {
			return false
		}
		if !tmore {
			return !fmore || frest == "#"
		}
		if !fmore {
			return false
		}
		filter, topic = frest, trest
	}
}
