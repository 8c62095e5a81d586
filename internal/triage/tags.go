package triage

// Categories of mass-casualty triage with the colour of their tag. On an incomplete walk only Immediate may stand: a victim is green,
// yellow, grey or black by what was seen, never by what was not (CLN-001).
var (
	Minor     = Outcome{Code: "minor", Colour: "green"}
	Delayed   = Outcome{Code: "delayed", Colour: "yellow"}
	Immediate = Outcome{Code: "immediate", Colour: "red", Urgent: true}
	Expectant = Outcome{Code: "expectant", Colour: "grey"}
	Dead      = Outcome{Code: "dead", Colour: "black"}
)

// What the walks of mass-casualty triage ask. Where a victim is seen again the walk is walked again, as a new result.
const (
	Walks            Item = "walks"             // able to walk, when told to
	Breathing        Item = "breathing"         // breathes by itself, as found
	BreathingOpened  Item = "breathing_opened"  // breathes by itself once the airway is open
	BreathingRescued Item = "breathing_rescued" // breathes by itself after rescue breaths
	RR               Item = "rr"                // breaths per minute, counted or measured
	Perfusion        Item = "perfusion"         // radial pulse, or seconds of capillary refill: one test, the worse if both were done
	Pulse            Item = "pulse"             // a pulse can be felt
	Obeys            Item = "obeys"             // follows simple commands
	AVPU             Item = "avpu"              // alert, voice, pain (fitting or not), unresponsive
)

// What is done before a question is answered.
const (
	openAirway    = "open_airway"
	rescueBreaths = "rescue_breaths_5"
)

var yesOrNo = []string{Yes, No}

// breathingConflicts are what cannot be true at one time in START and JumpSTART: who walks breathes, and who breathes as found needs no airway to do so.
var breathingConflicts = [][2]Input{
	{{Item: Walks, Choice: Yes}, {Item: Breathing, Choice: No}},
	{{Item: Walks, Choice: Yes}, {Item: BreathingOpened, Choice: No}},
	{{Item: Breathing, Choice: Yes}, {Item: BreathingOpened, Choice: No}},
	{{Item: Walks, Choice: Yes}, {Item: RR, Number: new(0.0)}}, // a device that counts nothing
	{{Item: Breathing, Choice: Yes}, {Item: RR, Number: new(0.0)}},
}
