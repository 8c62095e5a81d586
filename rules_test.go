package lifeline120_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	ruleLine = regexp.MustCompile(`(?m)^\* \*\*([A-Z]{3}-\d{3})\*\*`)
	goTest   = regexp.MustCompile(`(?m)^func Test([A-Z]{3})(\d{3})_`)
	tsTest   = regexp.MustCompile(`(?m)^\s*(?:test|it|describe)\(\s*['"` + "`" + `]((?:[A-Z]{3}-\d{3}[ ,:]*)+)`)
	number   = regexp.MustCompile(`[A-Z]{3}-\d{3}`)
)

// Every rule in force has a test that carries its number, and no test names a rule that docs/rules.md does not have.
func TestRules_EachInForceHasItsTest(t *testing.T) {
	page, err := os.ReadFile("docs/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	inForce, later, ok := strings.Cut(string(page), "\n## Not yet in force")
	if !ok {
		t.Fatal("docs/rules.md has no part named 'Not yet in force'")
	}
	rules := map[string]bool{} // number -> in force
	for _, m := range ruleLine.FindAllStringSubmatch(later, -1) {
		rules[m[1]] = false
	}
	for _, m := range ruleLine.FindAllStringSubmatch(inForce, -1) {
		rules[m[1]] = true
	}
	if len(rules) < 30 {
		t.Fatalf("docs/rules.md has %d rules; its form must have changed", len(rules))
	}
	tested := map[string][]string{}
	err = filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && p != "." || d.Name() == "node_modules" || d.Name() == "dist") {
			return filepath.SkipDir
		}
		isGo, isTS := strings.HasSuffix(p, "_test.go"), strings.HasSuffix(p, ".test.ts") || strings.HasSuffix(p, ".spec.ts")
		// A suite's tests stand in a package that others call; its functions carry the numbers as subtests' names.
		isSuite := strings.HasSuffix(p, ".go") && strings.HasSuffix(filepath.Base(filepath.Dir(p)), "test")
		if !isGo && !isTS && !isSuite {
			return nil
		}
		src, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		for _, m := range goTest.FindAllStringSubmatch(string(src), -1) {
			n := m[1] + "-" + m[2]
			tested[n] = append(tested[n], p)
		}
		if isSuite {
			for _, m := range regexp.MustCompile(`"([A-Z]{3})(\d{3})_`).FindAllStringSubmatch(string(src), -1) {
				n := m[1] + "-" + m[2]
				tested[n] = append(tested[n], p)
			}
		}
		for _, m := range tsTest.FindAllStringSubmatch(string(src), -1) {
			for _, n := range number.FindAllString(m[1], -1) {
				tested[n] = append(tested[n], p)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for n, force := range rules {
		if force && len(tested[n]) == 0 {
			t.Errorf("rule %s is in force and no test carries its number", n)
		}
	}
	for n, where := range tested {
		if _, known := rules[n]; !known {
			t.Errorf("%v name rule %s, which docs/rules.md does not have", where, n)
		}
	}
}
