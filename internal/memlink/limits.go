package memlink

import "time"

const (
	// QueueMost is how many messages of one link may be on their way to the broker; Publish then says ErrFull.
	QueueMost = 256
	// HeldMost is how many messages the broker holds for a session that is away; the oldest go, as real brokers do.
	HeldMost = 10_000
	// ParkedMost is how many messages of a persistent session wait for somebody to subscribe; the rest stays unacknowledged.
	ParkedMost = 1024
	// Silence is how long both ends of a line that lets nothing pass take to notice (MQTT's keep-alive).
	Silence = 15 * time.Second
	// delayLeast keeps cause before effect: nothing arrives at the instant it was sent.
	delayLeast = time.Microsecond
	// backOffLeast and backOffMost bound the pause before a link tries again.
	backOffLeast = 200 * time.Millisecond
	backOffMost  = 2 * time.Second
)
