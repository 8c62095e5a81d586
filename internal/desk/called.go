package desk

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"lifeline120/internal/ems"
	"lifeline120/internal/geo"
)

// Called is an address that help was called to. It outlives the incidents, which are swept: address, position and how often are kept, and nothing
// else of a call.
type Called struct {
	Pos   ems.WGS84 `json:"pos"`
	Times int       `json:"times"`
	Turn  uint64    `json:"turn"`            // of the newest of them; they are counted, not dated
	Apart bool      `json:"apart,omitempty"` // they were not at one place: the words name none, and are not offered as one
}

// CalledTo is an address that help was called to, with its text.
type CalledTo struct {
	Address string
	Pos     ems.WGS84
	Times   int
}

// calledTo says where an incident was, if that can be of use again: a false call, and one that was merged into another, do not count, nor do
// exercises among real ones.
func (s *State) calledTo(i *ems.Incident) (string, ems.WGS84, bool) {
	text := strings.TrimSpace(i.Place.Address)
	if text == "" || i.Place.Pos == nil || i.Merged != "" || i.State == ems.IncidentCancelled || i.Simulated && !s.Demo {
		return "", ems.WGS84{}, false
	}
	return text, *i.Place.Pos, true
}

// keepCalled counts an incident that is swept.
func (s *State) keepCalled(i *ems.Incident) {
	text, pos, ok := s.calledTo(i)
	if !ok {
		return
	}
	s.CalledN++
	old, known := s.Called[text]
	s.Called[text] = Called{pos, old.Times + 1, s.CalledN, old.Apart || known && geo.Distance(old.Pos, pos) > CalledApart}
}

// boundCalled forgets what was called to least, the oldest of them first; a tenth at once, so that sorting them is seldom.
func (s *State) boundCalled() {
	if len(s.Called) <= MaxCalled {
		return
	}
	all := slices.SortedFunc(maps.Keys(s.Called), func(a, b string) int {
		x, y := s.Called[a], s.Called[b]
		return cmp.Or(cmp.Compare(x.Times, y.Times), cmp.Compare(x.Turn, y.Turn))
	})
	for _, text := range all[:len(all)-MaxCalled*9/10] {
		delete(s.Called, text)
	}
}

// CalledBefore are the addresses that help was called to, those of incidents that stand still with them, in no order. Words that stood for several places
// (某街道附近) are not among them.
func (s *State) CalledBefore() []CalledTo {
	at := make(map[string]int, len(s.Called))
	out := make([]CalledTo, 0, len(s.Called)+len(s.Incidents))
	apart := map[string]bool{}
	for text, c := range s.Called {
		at[text] = len(out)
		out = append(out, CalledTo{text, c.Pos, c.Times})
		apart[text] = c.Apart
	}
	newest := map[string]*ems.Incident{}
	for _, id := range slices.Sorted(maps.Keys(s.Incidents)) {
		i := s.Incidents[id]
		text, pos, ok := s.calledTo(i)
		if !ok {
			continue
		}
		k, known := at[text]
		if !known {
			k = len(out)
			at[text], out = k, append(out, CalledTo{Address: text, Pos: pos})
		}
		apart[text] = apart[text] || geo.Distance(out[k].Pos, pos) > CalledApart
		out[k].Times++
		if old := newest[text]; old == nil || i.Opened.After(old.Opened) || i.Opened.Equal(old.Opened) && i.ID > old.ID {
			newest[text], out[k].Pos = i, pos
		}
	}
	return slices.DeleteFunc(out, func(c CalledTo) bool { return apart[c.Address] })
}
