package address

// Bounds of a book and of a question.
const (
	// MaxPlaces of each list: a province has some hundred thousand; more cost memory and no search gets worse.
	MaxPlaces = 2_000_000
	// maxQuestion is how many characters of a question are looked at; an address is shorter, and the rest is kept as it is.
	maxQuestion = 80
	// MaxHits that are given for one question: a list that a person reads.
	MaxHits = 50
	// maxName is how many characters of a name are looked for.
	maxName = 120
	// maxReadings of one name: two characters of three readings each, and a little more.
	maxReadings = 8
	// numberGap is how far a known house number may be from the one that was asked for and still be near it.
	numberGap = 60
	// postGap likewise, of kilometre posts.
	postGap = 5_000
	// areaM is how far a town or neighbourhood may be and still say where a place is.
	areaM = 6_000
	// sameM: two of one name and kind within it are one place.
	sameM = 300
	// MaxPast is how many addresses that were called to before are kept: some years of a city's, and an index of some megabytes.
	MaxPast = 20_000
	// pastHits of them answer one question: the list is short, and the places of the city are most of it.
	pastHits = 3
	// compared is how many names a search for one wrong character compares, at most: some 10 ms.
	compared = 200_000
)
