package triage

// What the trauma scores ask beside RR.
const (
	GCSTotal Item = "gcs"
	SBP      Item = "sbp" // systolic, mmHg; 0: none can be measured because there is none
)

// Outcomes of T-RTS: 12, 11, 3 to 10, below 3. Below 12 is for a trauma centre (CALCBEE), so all others are urgent.
var (
	tRTSDelayed   = Outcome{Code: "delayed"}
	tRTSUrgent    = Outcome{Code: "urgent", Urgent: true}
	tRTSImmediate = Outcome{Code: "immediate", Urgent: true}
	tRTSLast      = Outcome{Code: "dead_or_expectant", Urgent: true}
)

// Outcomes of RTS: below 4 is a proposed limit for a trauma centre (RTS-WIKI).
var (
	rtsFrom4  = Outcome{Code: "from_4"}
	rtsBelow4 = Outcome{Code: "below_4", Urgent: true}
)

var rtsQuestions = []Question{
	{Item: GCSTotal, Unit: "{score}", Min: 3, Max: 15, Whole: true},
	{Item: SBP, Unit: "mmHg", Max: MaxSBP},
	{Item: RR, Unit: "1/min", Max: MaxRR},
}

var rtsSources = []string{
	"RTS: sjtrem.biomedcentral.com, 1757-7241-16-7, table 7",
	"RTS-WIKI: en.wikipedia.org/wiki/Revised_Trauma_Score",
	"CALCBEE: calcbee.com, revised trauma score",
}

// tRTS is the Revised Trauma Score for triage: the sum of the three codes, 0 to 12. Its bands are those of its use with START (RTS-WIKI).
var tRTS = Score{
	Name: "t_rts", Version: 1, Sources: rtsSources, Questions: rtsQuestions,
	Outcomes: []Outcome{tRTSDelayed, tRTSUrgent, tRTSImmediate, tRTSLast},
	reckon:   sumOf(rtsGrades(1, 1, 1), []band{{tRTSDelayed, 12, endless}, {tRTSUrgent, 11, 12}, {tRTSImmediate, 3, 11}, {tRTSLast, 0, 3}}),
}

// rts is the Revised Trauma Score: the codes by their weights, 0 to 7.8408.
var rts = Score{
	Name: "rts", Version: 1, Sources: rtsSources, Questions: rtsQuestions,
	Outcomes: []Outcome{rtsFrom4, rtsBelow4},
	reckon:   sumOf(rtsGrades(0.9368, 0.7326, 0.2908), []band{{rtsFrom4, 4, endless}, {rtsBelow4, 0, 4}}),
}

// rtsGrades are the codes 4 to 0 of the table. A value between two whole numbers of the table belongs to the worse code.
func rtsGrades(g, s, r float64) []grade {
	from := func(lo, below float64) test { return number(func(n float64) bool { return n >= lo && n < below }) }
	calm := number(func(n float64) bool { return n >= 10 && n <= 29 })
	fast := number(func(n float64) bool { return n > 29 })
	return []grade{
		{GCSTotal, g, []points{{from(13, endless), 4}, {from(9, 13), 3}, {from(6, 9), 2}, {from(4, 6), 1}, {from(0, 4), 0}}},
		{SBP, s, []points{{from(90, endless), 4}, {from(76, 90), 3}, {from(50, 76), 2}, {from(1, 50), 1}, {from(0, 1), 0}}},
		{RR, r, []points{{calm, 4}, {fast, 3}, {from(6, 10), 2}, {from(1, 6), 1}, {from(0, 1), 0}}},
	}
}
