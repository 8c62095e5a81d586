package agent

import (
	"slices"
	"testing"
)

// The terminal offers a key only for what the driver can do.
func TestCommandsOf_AsksTheDrivers(t *testing.T) {
	if got := commandsOf("berry_pm6750"); !slices.Equal(got, []string{"nibp_start", "nibp_stop"}) {
		t.Errorf("berry_pm6750 offers %v", got)
	}
	for _, driver := range []string{"bci_oximeter", "", "no such"} {
		if got := commandsOf(driver); len(got) != 0 {
			t.Errorf("%q offers %v", driver, got)
		}
	}
}
