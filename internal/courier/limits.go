package courier

import "time"

// Times and bounds of delivery. Each says why, and what happens there.
const (
	// LiveWait is how long a record sent on up/live may be unanswered before it goes to the backlog: the dispatcher answers
	// within 100 ms of the commit, and a second of commit delay and a slow link fit in.
	LiveWait = 3 * time.Second
	// UrgentFirst and UrgentMost bound the back-off of urgent resends: soon enough for an alarm, seldom enough for a dead centre.
	UrgentFirst = 2 * time.Second
	UrgentMost  = 15 * time.Second
	// BacklogFirst and BacklogMost bound the back-off of backlog resends.
	BacklogFirst = 5 * time.Second
	BacklogMost  = 30 * time.Second
	// RetryWait is the pause after a publish that failed for a full queue.
	RetryWait = time.Second
	// LookAgain is how often Poll reads the urgent lane though nothing new was announced: the spool declares there by itself what it
	// dropped (DLV-007), and New never hears of it.
	LookAgain = 5 * time.Second
	// Pace is the least time between two batches of backlog.
	Pace = 50 * time.Millisecond
	// BatchCount and BatchBytes bound what one Poll gives out (one message may be larger): about 1 MB/s at most, so that what
	// stands in the socket before a live value stays short.
	BatchCount = 256
	BatchBytes = 48 << 10
	// ReadCount and ReadBytes bound one reading of the spool.
	ReadCount = 128
	ReadBytes = 256 << 10
	// MaxReads bounds how often one Poll reads one lane of one epoch while it passes over what is under way.
	MaxReads = 8
	// MaxHoldReads bounds the readings that tell what of the dispatcher's word is held and unsent; what is not reached is deleted
	// by a later word.
	MaxHoldReads = 64
	// UrgentWindow is how many urgent records may be under way unanswered from the backlog. New ones and alarms are never held by it.
	UrgentWindow = 64
	// BacklogWindow is how many records of a lane's backlog may be under way: even when all of them come out of order they make
	// no more holes than the receiver remembers (MaxRanges).
	BacklogWindow = 64
	// WindowFirst, WindowLeast and WindowMost bound the bytes of a lane's backlog under way as the link proves itself; the
	// dispatcher's credit bounds them as well.
	WindowFirst = 16 << 10
	WindowLeast = 4 << 10
	WindowMost  = 512 << 10
	// MaxFlights is how many unanswered records of one lane are remembered; older ones are forgotten, which only means that the
	// backlog sends them again.
	MaxFlights = 1024
	// MaxHeldAlarms is how many unanswered alarms are kept in memory to go out at once on connection; older ones come from the spool.
	MaxHeldAlarms = 32
	// MaxSentRanges bounds the ranges in which a lane remembers what it has sent; what is forgotten is sent again before it is deleted.
	MaxSentRanges = 64
	// CreditLife is how long a granted credit holds without a word from the dispatcher: three heartbeats.
	CreditLife = 30 * time.Second
	// LostAgain is how long a declared lost range is not declared again: its gap record is under way.
	LostAgain = time.Minute
	// StepQuiet is how long after a step of the wall clock no lost range is believed: older answers cannot be told apart.
	StepQuiet = 10 * time.Second
	// StepLeast is the jump between wall clock and monotonic clock that counts as a step.
	StepLeast = 500 * time.Millisecond

	// AnswerWait is how long a stored message may wait for its answer, so that one answer serves several.
	AnswerWait = 100 * time.Millisecond
	// Heartbeat is how often a unit that is online hears a word without having been stored anything.
	Heartbeat = 10 * time.Second
	// QuietMost is how long a unit may be silent and still be sent heartbeats.
	QuietMost = 60 * time.Second
	// LoadedAgain is how many heartbeats tell a unit of an epoch that only the store knows: words may be lost.
	LoadedAgain = 6
	// MaxRanges is how many ranges beyond the gapless part a lane may have; a record that would make one more is refused until
	// the backlog has closed older gaps. Live messages may use half of them, so that the backlog, whose window makes at most the
	// other half, is never refused. The urgent lane has room for alarms sent ahead of a long backlog, and all lanes for gap records.
	MaxRanges       = 64
	MaxLiveRanges   = MaxRanges / 2
	MaxUrgentRanges = 256
	// MaxUnderWay is how many records of one lane may wait for their commit; more are refused and come again.
	MaxUnderWay = 4096
	// MaxEpochs is how many epochs of one unit are kept in mind; the one longest unheard goes. Should it return, the unit sends
	// again what it still holds, and the store knows it (DLV-002).
	MaxEpochs = 64
	// MaxUnits is how many units one dispatcher keeps in mind; messages of further ones are refused.
	MaxUnits = 20_000
	// BacklogBudget is how many bytes of backlog may be under way to one dispatcher, shared by the units that return from an
	// outage, so that two hundred of them do not stand before one alarm: a second or two of its work.
	BacklogBudget = 16 << 20
	// CreditLeast and CreditMost bound the share of one unit in one lane.
	CreditLeast = 4 << 10
	CreditMost  = 256 << 10
	// ReturnLife is how long after its last backlog message a unit still counts as returning.
	ReturnLife = 30 * time.Second
	// LiveWindow is how many sendings back a late live message is still told from a lost one.
	LiveWindow = 64
)
