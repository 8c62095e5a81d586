package triage

// What SALT asks beside the items that it shares with other walks.
const (
	Response        Item = "response"         // to a call to the whole scene; the first of the choices that is true
	Purposeful      Item = "purposeful"       // obeys commands or moves purposefully
	PeripheralPulse Item = "peripheral_pulse" // can be felt
	Distress        Item = "distress"         // respiratory distress
	Bleeding        Item = "bleeding"         // major bleeding
	MinorOnly       Item = "minor_only"       // minor injuries and nothing else
	Survivable      Item = "survivable"       // likely to survive with what is at hand now
	ChestDecompress Item = "chest_decompressed"
	Antidote        Item = "antidote_given"
)

// Answers of SALT, and what is done before they are given.
const (
	lifeThreat = "life_threat"
	still      = "still"
	waves      = "waves"
	walking    = "walks"

	noBleeding   = "none"
	controlled   = "controlled"
	uncontrolled = "uncontrolled"

	controlBleeding = "control_bleeding"
	childBreaths    = "rescue_breaths_2_child"
	decompressChest = "decompress_chest"
	giveAntidote    = "give_antidote"
)

// Order of individual assessment after SALT's sorting.
var (
	First  = Outcome{Code: "first", Urgent: true}
	Second = Outcome{Code: "second"}
	Third  = Outcome{Code: "third"}
)

// saltSort is the S of SALT: who is looked at first. It is no category, and gives no tag.
var saltSort = Score{
	Name: "salt_sort", Version: 1, Sources: saltSources,
	Questions: []Question{{Item: Response, Choices: []string{lifeThreat, still, waves, walking}}},
	Outcomes:  []Outcome{Third, Second, First},
	reckon: walkFrom(ask(Response,
		way{is(lifeThreat, still), end(First)}, way{is(waves), end(Second)}, way{is(walking), end(Third)})),
}

var saltSources = []string{
	"SALT1: fpnotebook.com/ER/Exam/SltTrg.htm",
	"SALT2: wikem.org, mass casualty incident triage; chemm.hhs.gov/salttriage.htm",
}

// salt is SALT's individual assessment with its life-saving interventions: control major bleeding, open the airway (a child gets two rescue
// breaths), decompress the chest, give an antidote by auto-injector. Each stands as what is done before the question that it may change. The
// order of the decisions is partly from memory. That breathing is asked again after the airway is open is ours: nobody is black by one touch.
var salt = Score{
	Name: "salt", Version: 1, Sources: saltSources,
	FromMemory: []string{"order of the decisions, in part"},
	Questions: []Question{
		{Item: Breathing, Choices: yesOrNo, Do: []string{controlBleeding}},
		{Item: BreathingOpened, Choices: yesOrNo, Do: []string{openAirway, childBreaths}},
		{Item: Purposeful, Choices: yesOrNo, Do: []string{decompressChest, giveAntidote}},
		{Item: PeripheralPulse, Choices: yesOrNo},
		{Item: Distress, Choices: yesOrNo},
		{Item: Bleeding, Choices: []string{noBleeding, controlled, uncontrolled}},
		{Item: MinorOnly, Choices: yesOrNo},
		{Item: Survivable, Choices: yesOrNo},
	},
	Also: []Question{
		{Item: ChestDecompress, Choices: yesOrNo},
		{Item: Antidote, Choices: yesOrNo},
	},
	Outcomes:   []Outcome{Minor, Delayed, Immediate, Expectant, Dead},
	Impossible: [][2]Input{{{Item: Breathing, Choice: Yes}, {Item: BreathingOpened, Choice: No}}},
	reckon:     walkFrom(saltWalk()),
}

func saltWalk() *node {
	chance := yesNo(Survivable, end(Immediate), end(Expectant))
	injuries := yesNo(MinorOnly, end(Minor), end(Delayed))
	bleeds := ask(Bleeding, way{is(uncontrolled), chance}, way{is(noBleeding, controlled), injuries})
	laboured := yesNo(Distress, chance, bleeds)
	assess := yesNo(Purposeful, yesNo(PeripheralPulse, laboured, chance), chance)
	return yesNo(Breathing, assess, yesNo(BreathingOpened, assess, end(Dead)))
}
