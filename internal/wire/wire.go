// Package wire is what vehicle, centre and screens say to each other: the envelope of the vehicle link in our words (the
// generated messages are in wire/proto), the frames of the live feed, and the bodies of the HTTP API.
//
// Version diary (EVO-001: kinds and fields are added, never changed):
//
//	1  2026-11  first: vehicle link v1, feed v1, wave frame v1, API v1
//	   2026-11  lane photo and kind photo piece: a centre names that lane in its word only to vehicles that say they have it, because
//	            a vehicle that does not know it refuses the whole word
//	   2026-11  has_speed and has_satellites of a position: from a vehicle that does not send them a 0 is unknown, because it wrote 0
//	            when its receiver said nothing; anything else is what the receiver said
package wire

import (
	pb "lifeline120/internal/wire/proto"
)

// Epoch names the life of one spool: 128 random bits, new with each fresh spool.
type Epoch [16]byte

// Item is something new to owe. Body and the times are what the identity stands for (DLV-002) and never change afterwards.
type Item struct {
	Lane       pb.Lane
	Kind       pb.Kind
	CapturedUs int64 // agent's wall clock, µs since 1970 UTC
	MonoUs     int64 // since the agent's boot
	Boot       string
	Simulated  bool
	Body       []byte
}

// Record is an Item with its identity: (unit, epoch, lane, sequence).
type Record struct {
	Item
	Epoch Epoch
	Seq   uint64
}

// Range is an inclusive range of sequences.
type Range struct{ From, To uint64 }

// Depth is what one lane of a spool holds.
type Depth struct {
	Lane   pb.Lane
	Count  uint64
	Bytes  uint64
	Oldest int64 // captured time of the oldest, µs; 0 when empty
	Capped bool  // its bound, or the whole spool's, makes it drop (DLV-007)
}

// Lanes are the owed lanes, most precious first.
var Lanes = [...]pb.Lane{pb.Lane_LANE_URGENT, pb.Lane_LANE_READING, pb.Lane_LANE_PHOTO, pb.Lane_LANE_POSITION, pb.Lane_LANE_WAVE}

// LaneCount is the room for an array by pb.Lane; 0 is what is owed to nobody.
const LaneCount = int(pb.Lane_LANE_PHOTO) + 1

// LaneName is the name of a lane in topics, JSON and metrics.
func LaneName(l pb.Lane) string {
	switch l {
	case pb.Lane_LANE_URGENT:
		return "urgent"
	case pb.Lane_LANE_READING:
		return "reading"
	case pb.Lane_LANE_POSITION:
		return "position"
	case pb.Lane_LANE_WAVE:
		return "wave"
	case pb.Lane_LANE_PHOTO:
		return "photo"
	case pb.Lane_LANE_NONE:
		return "live"
	}
	return "unknown"
}
