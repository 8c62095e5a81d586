package dispatcher

import (
	"time"

	"lifeline120/internal/photo"
)

// Queues between the goroutines of the centre. Each lane has its own, so that a backlog cannot stand before an alarm.
const (
	queueAlarms  = 4096 // of their own, before all else; as queueUrgent
	queueOfUnit  = 512  // of each urgent queue for one unit, its notes until they are stored: eight windows of its backlog; beyond it its own come again from its spool
	queueUrgent  = 4096 // a city's units all at once; beyond it a message is dropped unanswered and comes again from its spool
	queueLive    = 8192 // a second of 8,000 units; beyond it live values are lost and counted
	queueBacklog = 1024 // the credit that receiver grants keeps it short
	queueCalls   = 1024 // requests of screens waiting for the owner of the state

	batchEntries = 512     // entries of one append: bounds how long the first waits for the last
	maxWaiting   = 100_000 // entries that wait for a silent store; beyond it writes are refused (what vehicles owe stays in their spools)
	alarmReserve = 100_000 // more of them for alarms of callers and devices alone (ALM-001); beyond that too their pages say 请立即拨打120
	urgentTurn   = 8       // urgent messages after which a desk's act and a live value have their turn: some milliseconds at most
	urgentAhead  = 64      // urgent messages and acts before a desk's act in a store that answers; the others wait in their queue
	maxBulk      = 16_384  // messages of the data lanes that wait for the store; beyond it they come again from their spools
)

// DLV-006.
const (
	urgentHeld    = 250 * time.Millisecond // no answer for so long: urgent messages wait for the store no more
	storePatience = time.Second            // no answer for so long: what waits goes out marked 未落盘
	maxAside      = 64 << 20               // bytes on the dispatcher's own disk for what the store has not taken: a day of a city's decisions; and of each file beside it
	asideBatch    = 1024                   // entries of one write there
	asidePatience = time.Second            // no answer of that disk for so long: the screens say so
)

// pastEvery: a new address is found among those called to before after so long at most; making the index anew takes some hundredths of a second.
const pastEvery = 20 * time.Second

const (
	snapshotEvery = 10_000 // events between snapshots: a start reads at most so many
	retryFirst    = 200 * time.Millisecond
	retryMost     = 2 * time.Second // between tries on a store that answers with errors
	closePatience = 5 * time.Second // for the store to take what waits at the end; then it is set aside
	readPage      = 2000            // events of one page when the journal is read at start
)

// attentionFor: what a desk has open is believed for so long after it was last said; desks say it every 20 s.
const attentionFor = 60 * time.Second

// Orders (DLV-005).
const (
	resendFirst = 2 * time.Second
	resendMost  = 10 * time.Second
)

// Photos (ACC-003). They wait behind nothing and nothing waits for them.
const (
	maxPhotoRequest = photo.MaxBytes + 4<<10
	photoPatience   = 90 * time.Second // for a photo to come over a bad network: half a megabyte at 50 kbit/s
	maxUploads      = 64               // photos under way at once, 33 MB of them; one more is told to come again
)

// What is read from the store for one answer. One that stops there says so (header Truncated); the page asks on from the last.
const (
	maxPoints    = 5000             // readings: a channel's hour and more
	maxWaves     = 8 << 20          // bytes of waves: half an hour of three leads
	historySpan  = 6 * time.Hour    // what is answered when no start is given
	wavesSpan    = 5 * time.Minute  // of waves
	maxJournal   = 1000             // events
	historyPause = 30 * time.Second // for the store to answer
)

// maxRankings is how many rankings of hospitals a choice may be made from: an hour of a city's, and each choice is made in minutes.
const maxRankings = 512

// maxWords is how many characters are taken of one text of an alarm: more than any screen shows of it.
const maxWords = 1000

// Live values.
const (
	freshest     = 10 * time.Second       // older than this at its arrival, what comes on the live lane is not live (SCR-002)
	fillRecent   = 2 * time.Minute        // back-filled waves as old as this still close gaps on screens; older ones are asked for
	offlineAt    = 60 * time.Second       // nothing heard of a unit for so long: it is offline, whatever its presence says
	linkLostAt   = 30 * time.Second       // a unit on a mission unheard for so long is an alarm
	clockOffAt   = 30 * time.Second       // a clock off by more is an alarm (DESIGN §12)
	bootDrift    = 10_000                 // 100 millionths: two cheap crystals apart
	maxBoots     = 8                      // of one unit kept in mind: backlog comes from the last few
	maxDoubtful  = 32                     // nodes of one unit that wait for its clock: a mission has ten
	heldFor      = time.Minute            // after our return the broker may still hand out what it held for us
	clockSlack   = time.Second            // a measured offset is off by less than this, or its clock has stepped since
	etaFresh     = 30 * time.Second       // no arrival is foretold from an older position
	etaMoved     = 15 * time.Second       // an arrival that moves by less is not told again
	wayEvery     = 15 * time.Second       // a vehicle is told its way again
	waySoonest   = 3 * time.Second        // and not sooner than this after the last, however it drives
	wayOff       = 60.0 / 111_195         // degrees: further from the line that it was told, a unit takes another way
	wayWithin    = 4.0 / 111_195          // degrees: what is told of a line's shape
	bandEvery    = time.Minute            // between looks at how far arrivals scattered
	maxOthers    = 8                      // incidents from which units may be diverted, whose road times are asked for: each a tenth of a millisecond
	coverMovedM  = 300.0                  // a unit that stands so far from where its times to the city's cells are of has them worked out anew
	coverFarM    = 1000.0                 // and from so far they are of no use: what is covered is not told until then
	coverEvery   = 5 * time.Second        // between two such works
	coverBatch   = 16                     // units in one of them: beside everything else, on one processor
	forgetAt     = time.Hour              // readings older than this leave the feed
	maxKeys      = 128                    // readings of one unit on screens; a unit has some thirty
	maxSlots     = 32                     // waves of one unit on screens
	maxPresses   = 32                     // newest presses of an alarm that its unit is told of
	groupsEvery  = 100 * time.Millisecond // between groupings of open alarms, and so much times groupsShare that one took
	groupsShare  = 20                     // a flood may cost a twentieth of the time
	callersEvery = 200 * time.Millisecond // between looks at all callers' pages: a flood of callers must not slow a desk
	maxUnits     = 20_000                 // units on screens
	maxPieces    = 512                    // of one photo: a vehicle makes pieces of 4 KiB
	maxGathering = 256                    // photos of crews under way; the one longest without news goes, and the next start finds it again
	maxNoted     = 256                    // stored pieces that wait to be noted; beyond, the unit's pieces are read again
	gatherBack   = 48 * time.Hour         // at a start, stored pieces this old are looked at again
	developFirst = time.Second            // between tries to keep a complete photo ...
	developMost  = time.Minute            // ... at most
	developTries = 5                      // then a photo of a patient whom nobody bound is kept without (SCR-004)
)

// The living travel times.
const (
	timesAgain      = 10 * time.Second // between tries to work travel times in that failed
	maxClosedRoads  = 50               // names listed of one closure: an area has hundreds of short ones
	speedsEvery     = 10 * time.Minute // between workings-in of newly measured speeds, and between keepings of them
	speedsEnough    = 20               // newly driven edges that are worth it
	speedsPatience  = time.Second      // for the store to give what was measured before; then it is asked again
	maxPassages     = 8192             // driven edges that wait to be learnt: minutes of a large fleet; beyond it they are lost and counted
	reachMost       = 60               // minutes of an area within reach: beyond it is the province
	reachBands      = 5                // of one question
	maxClosedPoints = 4000             // of the closed stretches drawn of one closure; of a larger area the border says the rest
)
