package desk

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/journal"
)

// Apply folds an event in. An event with Seq 0 is not in the journal yet: what it touches is marked unrecorded (DLV-006) until the same
// event comes again with its Seq, which only takes the marks away. Events must reach the journal in the order in which they were
// applied. An unknown event, a hole, or another order stops the fold with an error: rebuild it from snapshot and journal (EVO-001).
func (s *State) Apply(e journal.Event) error {
	switch {
	case e.Seq == 0:
		if err := s.fold(e); err != nil {
			return err
		}
		s.pending, s.marks = append(s.pending, e), append(s.marks, s.now)
		for _, r := range s.now {
			s.unrecorded[r]++
			s.mark(r, true)
		}
		return nil
	case e.Seq <= s.Seq:
		return nil // folded in already
	case e.Seq != s.Seq+1:
		return fmt.Errorf("fold event %d: it follows %d: read the journal from there", e.Seq, s.Seq)
	case len(s.pending) > 0:
		if !same(s.pending[0], e) {
			return fmt.Errorf("fold event %d (%s): another event was decided first (%s): rebuild the state from the journal", e.Seq, e.Type, s.pending[0].Type)
		}
		s.confirm()
	default:
		if err := s.fold(e); err != nil {
			return err
		}
	}
	s.Seq = e.Seq
	return nil
}

// Pending gives the events that are applied and not in the journal yet, oldest first.
func (s *State) Pending() []journal.Event { return slices.Clone(s.pending) }

func same(a, b journal.Event) bool {
	return a.At.Equal(b.At) && a.Actor == b.Actor && a.Stream == b.Stream && a.Type == b.Type && bytes.Equal(a.Body, b.Body)
}

// confirm takes the marks of the oldest pending event away.
func (s *State) confirm() {
	for _, r := range s.marks[0] {
		if s.unrecorded[r]--; s.unrecorded[r] == 0 {
			delete(s.unrecorded, r)
			s.mark(r, false)
			s.publish(r)
		}
	}
	s.pending, s.marks = s.pending[1:], s.marks[1:]
}

// mark sets the word 未落盘 on an entity that has it.
func (s *State) mark(r Ref, on bool) {
	switch e, _ := s.Entity(r); e := e.(type) {
	case *ems.Alarm:
		e.Unrecorded = on
	case *ems.Incident:
		e.Unrecorded = on
	case *ems.Mission:
		e.Unrecorded = on
	case *ems.Order:
		e.Unrecorded = on
	case *ems.Notice:
		e.Unrecorded = on
	case *ems.Message:
		e.Unrecorded = on
	case *ems.Photo:
		e.Unrecorded = on
	case *ems.Closure:
		e.Unrecorded = on
	case *ems.HospitalBoard:
		e.Unrecorded = on
	case *Note:
		e.Unrecorded = on
	case *Instruction:
		e.Unrecorded = on
	}
}

// fold applies the body, remembers the act, and sets the deadlines of what was touched anew.
func (s *State) fold(e journal.Event) error {
	b, err := parse(e)
	if err != nil {
		return err
	}
	e.At = e.At.UTC()
	s.now = nil
	if err := b.apply(s, e); err != nil {
		return fmt.Errorf("fold event %d (%s): %w", e.Seq, e.Type, err)
	}
	s.remember(b.req(), b.refs())
	for _, r := range s.now {
		s.redo(r)
	}
	return nil
}

func (s *State) remember(req string, refs []Ref) {
	if req == "" {
		return
	}
	if _, ok := s.Requests[req]; !ok {
		s.Recent = append(s.Recent, req)
		s.Requests[req] = nil
	}
	for _, r := range refs {
		if !slices.Contains(s.Requests[req], r) {
			s.Requests[req] = append(s.Requests[req], r)
		}
	}
	if len(s.Recent) > MaxRequests {
		delete(s.Requests, s.Recent[0])
		s.Recent = s.Recent[1:]
	}
}

// get gives an entity for changing.
func get[K ~string, V any](s *State, m map[K]*V, c Collection, k K) (*V, error) {
	v := m[k]
	if v == nil {
		return nil, fmt.Errorf("no entity %q in %s", k, c)
	}
	s.touch(c, string(k))
	return v, nil
}

func put[K ~string, V any](s *State, m map[K]*V, c Collection, k K, v *V) {
	m[k] = v
	s.touch(c, string(k))
}

func when(t time.Time) *time.Time { return &t }

func set[T any](to *T, v *T) {
	if v != nil {
		*to = *v
	}
}

func drop[K ~string, V any](s *State, m map[K]*V, c Collection, k K) {
	delete(m, k)
	s.touch(c, string(k))
}

// dropWhere drops in the order of keys, so that the same journal always tells the screens the same.
func dropWhere[K ~string, V any](s *State, m map[K]*V, c Collection, gone func(*V) bool) {
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if gone(m[k]) {
			drop(s, m, c, k)
		}
	}
}

// trim drops the first of those that belong together once they are more than most.
func trim[K ~string, V any](s *State, m map[K]*V, c Collection, most int, belongs func(*V) bool, order func(a, b *V) int) {
	var first K
	n := 0
	for k, v := range m {
		if !belongs(v) {
			continue
		}
		if n++; n == 1 || order(v, m[first]) < 0 {
			first = k
		}
	}
	if n > most {
		drop(s, m, c, first)
	}
}
