package drivers

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Each folder of a driver has its line in the list, its captures, and no driver is listed twice.
func TestEveryDriverIsListedOnceAndHasCaptures(t *testing.T) {
	listed := map[string]int{}
	for _, d := range All() {
		listed[d.Name]++
		got, ok := ByName(d.Name)
		if !ok || got.Name != d.Name || got.New() == nil {
			t.Errorf("ByName(%q) gives %q", d.Name, got.Name)
		}
		files, err := filepath.Glob(filepath.Join("../../../testdata/captures/monitor", d.Name, "*.capture"))
		if err != nil || len(files) == 0 {
			t.Errorf("%s has no captures", d.Name)
		}
	}
	folders, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range folders {
		if name := f.Name(); f.IsDir() && name != "drivers" && !strings.HasSuffix(name, "test") && listed[name] != 1 {
			t.Errorf("%s is listed %d times", name, listed[name])
		}
	}
	if _, ok := ByName("no_such_monitor"); ok {
		t.Error("an unknown name was found")
	}
}

// The prober listens before it speaks: drivers that send bytes come after those that do not.
func TestListenersComeFirst(t *testing.T) {
	talked := ""
	for _, d := range All() {
		if d.Talks {
			talked = d.Name
		} else if talked != "" {
			t.Errorf("%s only listens and stands behind %s", d.Name, talked)
		}
	}
}
