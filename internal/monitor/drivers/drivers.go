// Package drivers is the list of patient monitors that the agent can talk to. A new one is its folder and one line here.
package drivers

import (
	"lifeline120/internal/monitor"
	"lifeline120/internal/monitor/bci_oximeter"
	"lifeline120/internal/monitor/berry_pm6750"
)

// All is every driver, in the order in which the prober tries them on one line: those that only listen come first, for
// they disturb nothing.
func All() []monitor.Driver {
	return []monitor.Driver{
		bci_oximeter.Driver(),
		berry_pm6750.Driver(),
	}
}

// ByName finds a driver by its name.
func ByName(name string) (monitor.Driver, bool) {
	for _, d := range All() {
		if d.Name == name {
			return d, true
		}
	}
	return monitor.Driver{}, false
}
