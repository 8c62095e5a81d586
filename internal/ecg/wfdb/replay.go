package wfdb

import (
	"fmt"
	"math"
	"strings"
)

// Replay plays a record again and again as what a five-electrode cable gives, for simulated devices. Leads that the record
// does not have stay flat: nothing is made up. The record's rate is brought to the device's by straight lines between samples.
type Replay struct {
	leads [7][]int16 // nil where the record has none
	scale [7]Signal
	beats []int // samples, ascending
	ratio float64
	n     int
	at    float64 // in the record's samples
	next  int     // first beat not yet played
}

// sevenNames are the names under which records keep the leads I, II, III, aVR, aVL, aVF and V.
var sevenNames = [7][]string{{"i"}, {"ii", "mlii"}, {"iii"}, {"avr"}, {"avl"}, {"avf"}, {"v5", "v", "v1", "v2", "v4"}}

// NewReplay plays signals, which Samples read in the order of h.Signals, at rateHz. marks may be nil: then no beat is known.
func NewReplay(h Header, signals [][]int16, marks []Annotation, rateHz float64) (*Replay, error) {
	r := &Replay{ratio: h.RateHz / rateHz}
	found := false
	for i, names := range sevenNames {
		for _, name := range names {
			for k, s := range h.Signals {
				if r.leads[i] == nil && k < len(signals) && strings.EqualFold(s.Name, name) && len(signals[k]) > 1 {
					r.leads[i], r.scale[i], r.n, found = signals[k], s, len(signals[k]), true
				}
			}
		}
	}
	if !found {
		return nil, fmt.Errorf("replay %s: no lead among its signals that a five-electrode cable has", h.Name)
	}
	for _, s := range r.leads {
		if s != nil && len(s) < r.n {
			r.n = len(s)
		}
	}
	for _, a := range marks {
		if a.IsBeat() && a.Sample < r.n {
			r.beats = append(r.beats, a.Sample)
		}
	}
	return r, nil
}

// SetRates changes nothing: the recorded heart beats as it did.
func (r *Replay) SetRates(_, _ float64) {}

// Seven is the next instant in millivolts, and whether a beat was marked in it.
func (r *Replay) Seven() (mv [7]float64, beat bool) {
	whole, part := math.Modf(r.at)
	i := int(whole)
	for lead, s := range r.leads {
		if s != nil {
			a, b := r.scale[lead].Physical(s[i]), r.scale[lead].Physical(s[min(i+1, r.n-1)])
			mv[lead] = a + part*(b-a)
		}
	}
	for r.next < len(r.beats) && float64(r.beats[r.next]) <= r.at {
		beat = true
		r.next++
	}
	if r.at += r.ratio; r.at >= float64(r.n) {
		r.at, r.next = 0, 0
	}
	return mv, beat
}
