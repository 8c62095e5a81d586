package triage

// The components of the Glasgow Coma Scale.
const (
	GCSEye         Item = "gcs_eye"
	GCSVerbal      Item = "gcs_verbal"
	GCSVerbalChild Item = "gcs_verbal_child"
	GCSMotor       Item = "gcs_motor"
)

// Bands of the scale: 13 to 15, 9 to 12, at most 8. The report of quality counts the last as severe (ANKE).
var (
	gcsLight    = Outcome{Code: "light"}
	gcsModerate = Outcome{Code: "moderate"}
	gcsSevere   = Outcome{Code: "severe", Urgent: true}
)

var (
	gcsEyeWords    = []string{"spontaneous", "to_voice", "to_pain", "none"}
	gcsVerbalWords = []string{"oriented", "confused", "words", "sounds", "none"}
	gcsChildWords  = []string{"coos_or_babbles", "irritable_cry", "cries_to_pain", "moans_to_pain", "none"}
	gcsMotorWords  = []string{"obeys_commands", "localises", "withdraws", "flexion", "extension", "none"}
	gcsBands       = []band{{gcsLight, 13, 16}, {gcsModerate, 9, 13}, {gcsSevere, 3, 9}}
)

// gcs is the Glasgow Coma Scale. The points are from memory. A component that cannot be tested is missing with its reason (intubated, not
// testable) and counts as nothing: the sum then has bounds, and is not comparable.
var gcs = glasgow("gcs", GCSVerbal, gcsVerbalWords)

// gcsChild is the scale with the verbal component for children who do not speak yet. All of it is from memory.
var gcsChild = glasgow("gcs_child", GCSVerbalChild, gcsChildWords)

func glasgow(name string, verbal Item, words []string) Score {
	return Score{
		Name: name, Version: 1,
		Sources:    []string{"ANKE: github.com/anchorbjhf/shmanage (at most 8 counts as severe)"},
		FromMemory: []string{"the points of each component", "light from 13, moderate from 9"},
		Questions: []Question{
			{Item: GCSEye, Choices: gcsEyeWords},
			{Item: verbal, Choices: words},
			{Item: GCSMotor, Choices: gcsMotorWords},
		},
		Outcomes: []Outcome{gcsLight, gcsModerate, gcsSevere},
		reckon: sumOf([]grade{
			{GCSEye, 1, choices(4, gcsEyeWords...)},
			{verbal, 1, choices(5, words...)},
			{GCSMotor, 1, choices(6, gcsMotorWords...)},
		}, gcsBands),
	}
}
