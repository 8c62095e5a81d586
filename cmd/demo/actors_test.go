package main

import (
	"encoding/json"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"lifeline120/internal/ems"
)

// A crew whose agent does not answer for a while does the same step again; one that is refused goes on; one that is recalled stops.
func TestCrewDoesAStepUntilItIsDone(t *testing.T) {
	down := errors.New("connection refused")
	for _, c := range []struct {
		name    string
		answers []error
		recall  bool
		want    error
		tries   int
	}{
		{"at once", []error{nil}, false, nil, 1},
		{"the agent starts anew", []error{down, down, down, nil}, false, nil, 4},
		{"refused", []error{down, &refusedError{"409"}}, false, nil, 2},
		{"recalled meanwhile", []error{down}, true, errOver, 1},
		{"not ours", []error{down, errNotOurs}, false, errNotOurs, 2},
	} {
		synctest.Test(t, func(t *testing.T) {
			feed := &follow{}
			crew := &crew{feed: feed}
			order := ems.Order{ID: "o1"}
			tries := 0
			began := time.Now()
			err := crew.surely(t.Context(), order, func() error {
				if c.recall {
					order.State = ems.OrderWithdrawn
					raw, _ := json.Marshal(order)
					feed.data = map[string]map[string]json.RawMessage{"orders": {"o1": raw}}
				}
				tries++
				return c.answers[tries-1]
			})
			if !errors.Is(err, c.want) || err != nil && c.want == nil || tries != c.tries || time.Since(began) != time.Duration(tries-1)*againEvery {
				t.Errorf("%s: %v after %d tries and %v", c.name, err, tries, time.Since(began))
			}
		})
	}
}
