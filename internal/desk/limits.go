package desk

import "time"

// Limits of what the fold keeps and of what time demands.
const (
	// MaxShift: no shift is longer; an end further away is a slip of the hand.
	MaxShift = 24 * time.Hour
	// OrderUnansweredAfter: an order not accepted for so long sounds at the desk (DESIGN §12).
	OrderUnansweredAfter = 30 * time.Second
	// IncidentWaitsFor: an emergency without a unit for so long sounds at its desk (待派, DESIGN §12).
	IncidentWaitsFor = 120 * time.Second
	// OrderValid: an order that arrives later than this does not sound as one (DLV-005).
	OrderValid = 120 * time.Second
	// DeviceLostAfter lets a cable that is put back, or a monitor that starts, heal by itself before it sounds.
	DeviceLostAfter = 10 * time.Second
	// CloseAfter: an incident whose missions are all over, one of them carried through, is closed by the system after so long.
	CloseAfter = time.Hour
	// KeepClosed: closed incidents and handled alarms leave the live state after so long; the journal keeps them.
	KeepClosed = 24 * time.Hour
	// MaxAlarms: with more alarms than this in the state the oldest handled ones leave early. Open ones never do.
	MaxAlarms = 20_000
	// MaxSweep bounds one event of forgetting.
	MaxSweep = 200
	// MaxCalled bounds the addresses that help was called to before: those called to least, and longest ago, are forgotten first.
	MaxCalled = 20_000
	// CalledApart: calls to one address further apart than this, in metres, were not to one place.
	CalledApart = 200
	// MaxRequests: so many acts are remembered by the client's own id; the oldest is forgotten first. A client that sends an older one
	// again meets the entities' own identities instead.
	MaxRequests = 20_000
	// MaxLines bounds the history shown on one alarm; a flood of presses is then only counted, and details are refused.
	MaxLines = 200
	// MaxPresses bounds the presses remembered on one alarm; an older one sent again would be counted once more.
	MaxPresses = 1000
	// MaxText bounds any text, in characters: an alarm's is cut, another's is refused.
	MaxText = 4000
	// MaxNotes bounds the notes of one unit; the oldest leave first and stand in the journal only.
	MaxNotes = 500
	// MaxRecommendations bounds those kept of one incident; the oldest leave first and stand in the journal only.
	MaxRecommendations = 10
	// MaxCalls bounds the calls shown on one incident; the oldest leave first and stand in the journal only.
	MaxCalls = 100
	// MaxDevices bounds the devices of one unit, MaxPatients those of one mission (a bus), and those that belong to none: what a vehicle
	// sends beyond that is a note, not a new thing.
	// MaxTalk bounds the messages of each side about one alarm, MaxTalkMinute those of a minute: more than anybody reads. One more is
	// refused, and the page says so. MaxTalkShown is how many of the newest a page is given, MaxPlaces how many corrected places stay.
	MaxTalk       = 300
	MaxTalkMinute = 30
	MaxTalkShown  = 50
	MaxPlaces     = 20
	// MaxStands bounds the arrivals by position and the forecasts kept of one mission; the oldest leave first and stand in the journal only.
	MaxStands = 8
	// MaxStretchers bounds what a board says of held stretchers, BoardUntil how far off an expected end may be, LastWellMost how long ago a
	// patient may have been last well: beyond a week it is a slip of the hand.
	MaxStretchers = 99
	BoardUntil    = 7 * 24 * time.Hour
	LastWellMost  = 7 * 24 * time.Hour
	// MaxPhotos bounds the photos of one alarm, and those of one mission: one more is refused, and says so.
	MaxPhotos   = 20
	MaxDevices  = 32
	MaxPatients = 200
	// MaxClosures bounds closed roads that stand; one more is refused, and says so. A city in flood has some hundred.
	MaxClosures = 1000
	// MaxClosureLine bounds the places of one drawn line or border: more than anybody clicks, and enough for a road that was followed.
	MaxClosureLine = 2000
	// MaxClosureMetres bounds how far a drawn line or border goes: the roads under it are looked for every few metres.
	MaxClosureMetres = 50_000
)
