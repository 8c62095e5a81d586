// Package address finds places by what a caller says: names in Chinese, pinyin or initials, house numbers, crossings, kilometre posts, with a
// wrong character or a wrong tone. It knows only what is in its book, and says of each hit how it was found: a house number that is not in the
// book is never made up.
package address

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"lifeline120/internal/ems"
	"lifeline120/maps"
)

// Kind is what a place is.
type Kind string

// The kinds of places.
const (
	Area      Kind = "area"      // city, district, town
	Road      Kind = "road"      //
	Village   Kind = "village"   // village, neighbourhood
	Hospital  Kind = "hospital"  //
	School    Kind = "school"    //
	Transport Kind = "transport" // railway and bus stations, stops
	Landmark  Kind = "landmark"  // anything else with a name
	Station   Kind = "station"   // of ambulances
	AED       Kind = "aed"       //
	Crossing  Kind = "crossing"  // of two roads
	House     Kind = "house"     // with a number
	Post      Kind = "post"      // kilometre post
	Called    Kind = "called"    // an address that was called to before
)

// named are the kinds that a book lists by name, in the order in which equally good hits are given. The others are parts of roads.
var named = []Kind{Area, Road, Village, Hospital, School, Transport, Landmark, Station, AED}

// Named is a place with a name of its own.
type Named struct {
	Name string
	Also []string // other names: English, old, short; the number of a road
	Kind Kind
	Pos  ems.WGS84
	Box  Box // of a road: where it runs; zero where that is not known
	// Times that help was called to it; of addresses that were called to before.
	Times int
}

// Box is from where to where something reaches: west, south, east, north, degrees.
type Box [4]float64

// Meeting is where two roads meet; A and B are indices of Book.Roads.
type Meeting struct {
	A, B int
	Pos  ems.WGS84
}

// Numbered is a house on a road.
type Numbered struct {
	Road   int
	Number string
	Pos    ems.WGS84
}

// Milestone is a kilometre post on a road.
type Milestone struct {
	Road   int
	Metres int // from the road's beginning
	Pos    ems.WGS84
}

// Stretch is a road between two neighbouring kilometre posts: its line from the lower to the higher.
type Stretch struct {
	Road     int
	From, To int // metres from the road's beginning
	Line     []ems.WGS84
	// Way is which way is driven along the line: 1 to the higher post, -1 to the lower, 0 both.
	Way int
}

// Book is all that is known of a city's places.
type Book struct {
	Roads    []Named
	Places   []Named
	Meetings []Meeting
	Houses   []Numbered
	Posts    []Milestone
	// Stretches of roads between posts that stand on them one after the other; between others nothing is known.
	Stretches []Stretch
}

// OfCity lists what the city's own master data names: it comes before the same thing in a map.
func OfCity(c maps.City) []Named {
	var out []Named
	add := func(k Kind, pos ems.WGS84, name string, also ...string) {
		if name != "" {
			out = append(out, Named{Name: name, Also: slices.DeleteFunc(also, func(s string) bool { return s == "" }), Kind: k, Pos: pos})
		}
	}
	for _, h := range c.Hospitals {
		add(Hospital, h.Pos, h.Name, h.NameEn)
	}
	for _, s := range c.Stations {
		add(Station, s.Pos, s.Name, s.NameEn)
	}
	for _, a := range c.AEDs {
		add(AED, a.Pos, a.Name)
	}
	for _, d := range c.Districts {
		if len(d.Areas) > 0 {
			add(Area, d.Areas[0].Pos, d.Name, d.NameEn)
		}
		for _, a := range d.Areas {
			add(Village, a.Pos, a.Name, a.NameEn)
		}
	}
	return out
}

// Check says what is wrong with a book: one from a file is believed only after it.
func (b *Book) Check() error {
	for _, list := range [][]Named{b.Roads, b.Places} {
		if len(list) > MaxPlaces {
			return fmt.Errorf("%d names are more than %d", len(list), MaxPlaces)
		}
		for _, p := range list {
			if p.Name == "" || !p.Pos.Valid() || !slices.Contains(named, p.Kind) || !p.Box.holds(p.Pos) {
				return fmt.Errorf("the place %q of kind %q at %v is none", p.Name, p.Kind, p.Pos)
			}
		}
	}
	road := func(i int, pos ems.WGS84) error {
		if i < 0 || i >= len(b.Roads) || !pos.Valid() {
			return fmt.Errorf("road %d or the place %v on it is none", i, pos)
		}
		return nil
	}
	for _, m := range b.Meetings {
		if err := cmp.Or(road(m.A, m.Pos), road(m.B, m.Pos)); err != nil {
			return err
		}
	}
	for _, h := range b.Houses {
		if err := road(h.Road, h.Pos); err != nil {
			return err
		}
	}
	for _, p := range b.Posts {
		if err := road(p.Road, p.Pos); err != nil {
			return err
		}
	}
	for _, s := range b.Stretches {
		if s.From >= s.To || len(s.Line) < 2 {
			return fmt.Errorf("the stretch of road %d from %d m to %d m is none", s.Road, s.From, s.To)
		}
		for _, p := range s.Line {
			if err := road(s.Road, p); err != nil {
				return err
			}
		}
	}
	return nil
}

// holds says whether a place lies in the box, or the box is not known.
func (b Box) holds(p ems.WGS84) bool {
	return b == Box{} || p.Lon >= b[0] && p.Lat >= b[1] && p.Lon <= b[2] && p.Lat <= b[3]
}

// Match is how well a hit answers, best first.
type Match string

// How well a hit answers.
const (
	Exact  Match = "exact"
	Prefix Match = "prefix" // begins with what was asked
	Inside Match = "inside" // has what was asked in it
	Fuzzy  Match = "fuzzy"
)

// By is what of a place was asked for.
type By string

// What of a place was asked for.
const (
	ByName     By = "name"
	ByPinyin   By = "pinyin"
	ByInitials By = "initials"
	BySound    By = "sound" // other characters, read the same
	ByShort    By = "short" // characters of a long name in their order: 市一院
	ByPart     By = "part"  // only the beginning of the question is a name
	ByTypo     By = "typo"  // one character is wrong, missing or too many
)

// Hit is a place that answers a question.
type Hit struct {
	Name  string
	Kind  Kind
	Pos   ems.WGS84
	Match Match
	By    By
	House string // number of the house or the post that Pos is at
	// Asked is the number that was asked for and is not in the book: Pos is that of House, which is near it, or, where House is empty, of the road.
	Asked string
	// Between are the two posts that a place on the road was worked out between, where Asked is not in the book.
	Between string
	Box     Box    // of a road that was found by name: where it runs
	Times   int    // of an address that was called to before: how often
	Rest    string // of the question: building, unit, what it lies beside
	Area    string // town or neighbourhood near it, to tell two of one name apart
}

// meetingName is how a crossing is written.
func meetingName(a, b string) string { return a + "与" + b + "路口" }

func houseName(road, number string) string {
	if strings.HasSuffix(number, "号") || !endsInDigit(number) {
		return road + number
	}
	return road + number + "号"
}

func endsInDigit(s string) bool { return s != "" && s[len(s)-1] >= '0' && s[len(s)-1] <= '9' }

func postName(metres int) string {
	if metres%1000 == 0 {
		return fmt.Sprintf("K%d", metres/1000)
	}
	return fmt.Sprintf("K%d+%03d", metres/1000, metres%1000)
}
