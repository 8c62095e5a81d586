package mqttlink

import "time"

const (
	// QueueMax is how many messages may wait for the writer: about two seconds of a vehicle at full rate, half a second of
	// orders of a dispatcher. Beyond it Publish answers link.ErrFull and the sender owes as before.
	QueueMax = 512
	// QueueBytes bounds the same in bytes, for wave chunks and 12-leads.
	QueueBytes = 2 << 20
	// AckMax bounds acknowledgements that wait to be written; what is over it comes again and is known by its identity.
	AckMax = 8192
	// ParkedMax is how many messages of a persistent session wait for somebody to subscribe; the rest stays unacknowledged, and the
	// broker brings it again.
	ParkedMax = 4096
	// SendBuffer is the socket's: what lies in it stands before the next alarm, so it is small.
	SendBuffer = 64 << 10
	// ReconnectMin and ReconnectMax bound the wait between two tries; up to as much again is added by chance, so that a city's units
	// do not return in step.
	ReconnectMin = 250 * time.Millisecond
	ReconnectMax = 8 * time.Second
	// ConnectTimeout is how long a connection or a subscription may take.
	ConnectTimeout = 5 * time.Second
	// KeepAlive and PingTimeout notice a dead line: the desk shows a vehicle as offline at the latest one and a half KeepAlive later
	// (MQTT 3.1.1, 3.1.2.10), and long before by the age of what it last sent.
	KeepAlive   = 8 * time.Second
	PingTimeout = 4 * time.Second
	// WriteTimeout gives up a write to a line that takes nothing.
	WriteTimeout = 5 * time.Second
	// CloseWait is how long Close lets queued messages leave.
	CloseWait = 250 * time.Millisecond
	// brokerStart is how long the embedded broker may take to listen.
	brokerStart = 20 * time.Second
	// brokerStore bounds the disk of the embedded broker's own queues; what matters is in the spools and the store.
	brokerStore = 4 << 30
	brokerMem   = 256 << 20
	// brokerPayload bounds one message (wire's own bound is below it).
	brokerPayload = 512 << 10
	// brokerAckWait is when an unacknowledged message of QoS 1 is sent again; brokerAckPending how many may wait.
	brokerAckWait    = 5 * time.Second
	brokerAckPending = 4096
)
