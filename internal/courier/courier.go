// Package courier decides what is sent again and what may be deleted: Sender in the vehicle, Receiver in the centre. Both are state
// machines that are told the time, read the spool through a small interface and do nothing else; whoever runs them publishes,
// deletes and stores. Both belong to one goroutine.
//
// A new record goes out at once on up/live or up/urgent. What the dispatcher has not called stored in time drains behind it from the
// spool, within the credit that the dispatcher grants (DLV-001, DLV-003).
package courier

import (
	"context"

	"lifeline120/internal/ems"
	"lifeline120/internal/link"
	"lifeline120/internal/wire"
	pb "lifeline120/internal/wire/proto"
)

// Spool is what Sender needs of the vehicle's spool.
type Spool interface {
	// Epochs lists the epochs that still hold records, oldest first, the current one last.
	Epochs() []wire.Epoch
	// Next gives records of one lane and epoch with a sequence above after, oldest first.
	Next(ctx context.Context, lane pb.Lane, epoch wire.Epoch, after uint64, limit int, maxBytes int) ([]wire.Record, error)
}

// Out is one message to publish below the unit's topic.
type Out struct {
	Rest    string
	QoS     byte
	Retain  bool
	Payload []byte
	ID      wire.Identity // lane NONE when it is owed to nobody
}

// Message is o as the link takes it.
func (o Out) Message(region ems.RegionID) link.Message {
	return link.Message{Topic: link.Topic(region, o.ID.Unit, o.Rest), QoS: o.QoS, Retain: o.Retain, Payload: o.Payload}
}

// Deletion is what the dispatcher's word lets the spool delete: spool.Stored takes exactly this.
type Deletion struct {
	Epoch  wire.Epoch
	Lane   pb.Lane
	UpTo   uint64
	Beyond []wire.Range
}

// Word is what one down/stored message means for the agent.
type Word struct {
	Delete   []Deletion
	NewEpoch bool   // begin a new epoch: someone else used our identities (DLV-002)
	Store    string // id of the store that speaks
	Changed  bool   // it is another store than before: keep its id
}

// backlogTopic is where a lane's backlog goes.
func backlogTopic(l pb.Lane) string {
	switch l {
	case pb.Lane_LANE_READING:
		return link.UpReading
	case pb.Lane_LANE_POSITION:
		return link.UpPosition
	case pb.Lane_LANE_WAVE:
		return link.UpWave
	case pb.Lane_LANE_PHOTO:
		return link.UpPhoto
	case pb.Lane_LANE_URGENT:
		return link.UpUrgent
	case pb.Lane_LANE_NONE:
	}
	return link.UpLive
}
