// Package lifeline120_test keeps the rules of the house (docs/decisions/0001-floors.md): which package may import which, what the pure
// floors may not touch, and that every package says what it is. The sources are read here, so that no build cache can hide a new
// violation.
package lifeline120_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// floors names the floor of each package, by longest prefix. A package imports only floors below its own, and its own parent; a
// suite (a folder whose name ends in "test") may also use its own floor.
var floors = map[string]int{
	"cmd": 6, "internal/simtown": 6,
	"internal/agent": 5, "internal/dispatcher": 5,
	"internal/serialport": 4, "internal/simport": 5, "internal/spool": 4, "internal/mqttlink": 4, "internal/memlink": 4, "internal/courier": 4,
	"internal/webfeed": 4, "internal/mapfile": 4, "internal/mapmake": 4, "internal/store": 4, "internal/porttest": 4, "internal/monitor/drivers": 4, "web": 4,
	"internal/monitor": 3, "internal/gnss": 3, "internal/capture": 3, "internal/wire": 3, "internal/ecg": 3, "internal/link": 3,
	"internal/simdevice": 3, "internal/desk": 3, "internal/coverage": 3, "internal/cab": 3, "internal/basemap": 3,
	"internal/alarm": 2, "internal/match": 2, "internal/mission": 2, "internal/incident": 2, "internal/notice": 2, "internal/address": 2, "internal/placebuild": 3, "internal/placefile": 4, "internal/pathway": 2, "internal/call": 2,
	"internal/roads": 2, "internal/roadbuild": 3, "internal/roadspeed": 3, "internal/roadfile": 4, "internal/roadlive": 4, "internal/roadmake": 5, "internal/extract": 1, "internal/pmtiles": 1, "maps/draw": 2,
	"internal/geo": 1, "internal/journal": 1, "maps": 1, "internal/vitals": 1, "internal/triage": 1, "internal/photo": 1,
	"internal/ems": 0,
}

// contracts are imported from their own floor: interfaces and generated messages that have no behaviour to depend on.
var contracts = []string{"internal/wire/proto"}

// impure is what floors 0 to 3 may not import: they decide, and do not touch the world. (Seeded generators of math/rand/v2 are
// values; the global ones are caught below.)
var impure = []string{"os", "os/exec", "net", "net/http", "log", "log/slog", "math/rand", "crypto/rand", "database/sql", "syscall", "io/ioutil"}

type source struct {
	path string // of the file
	pkg  string // of its folder, relative to the root
	file *ast.File
	fset *token.FileSet
}

func sources(t *testing.T) []source {
	t.Helper()
	var out []source
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && p != "." || d.Name() == "node_modules" || d.Name() == "data") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(p, ".go") {
			return nil
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, p, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		out = append(out, source{p, filepath.ToSlash(filepath.Dir(p)), f, fset})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) < 20 {
		t.Fatalf("found only %d sources: is the test run from the root of the project?", len(out))
	}
	return out
}

func floor(pkg string) (int, bool) {
	for p := pkg; p != "."; p = filepath.ToSlash(filepath.Dir(p)) {
		if n, ok := floors[p]; ok {
			return n, true
		}
	}
	return 0, false
}

func isSuite(pkg string) bool { return strings.HasSuffix(filepath.Base(pkg), "test") }

func TestHouse_ImportsGoDown(t *testing.T) {
	for _, s := range sources(t) {
		if strings.HasSuffix(s.path, "_test.go") {
			continue // a test may bring anything to its bench
		}
		mine, known := floor(s.pkg)
		if s.pkg == "." {
			continue
		}
		if !known {
			t.Errorf("%s: package %s stands on no floor: add it to floors", s.path, s.pkg)
			continue
		}
		for _, im := range s.file.Imports {
			path, _ := strconv.Unquote(im.Path.Value)
			if mine <= 3 && !isSuite(s.pkg) && slices.Contains(impure, path) {
				t.Errorf("%s: floor %d is pure and may not import %q", s.path, mine, path)
			}
			rel, ours := strings.CutPrefix(path, "lifeline120/")
			if !ours || slices.Contains(contracts, rel) || rel == filepath.ToSlash(filepath.Dir(s.pkg)) {
				continue
			}
			theirs, _ := floor(rel)
			if theirs < mine || theirs == mine && isSuite(s.pkg) {
				continue
			}
			t.Errorf("%s: %s (floor %d) may not import %s (floor %d)", s.path, s.pkg, mine, rel, theirs)
		}
	}
}

// What shares state is tested with the race detector: the list in the Makefile names every package of internal whose own code, tests and
// suites apart, starts a goroutine or imports what goroutines need.
func TestHouse_WhatSharesStateIsOnTheListOfTheRaceDetector(t *testing.T) {
	makefile, err := os.ReadFile("Makefile")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(makefile), "\nSHARED := ")
	line, _, _ := strings.Cut(rest, "\n")
	if !ok || !strings.Contains(string(makefile), "-race -short $(SHARED:%=./internal/%)") {
		t.Fatal("the Makefile does not run the packages of SHARED with the race detector")
	}
	listed := strings.Fields(line)
	for _, s := range sources(t) {
		name, internal := strings.CutPrefix(s.pkg, "internal/")
		if !internal || strings.HasSuffix(s.path, "_test.go") || isSuite(s.pkg) || ast.IsGenerated(s.file) || slices.Contains(listed, name) {
			continue
		}
		for _, im := range s.file.Imports {
			if path, _ := strconv.Unquote(im.Path.Value); path == "sync" || path == "sync/atomic" || strings.HasSuffix(path, "/errgroup") {
				t.Errorf("%s imports %s: add %s to SHARED in the Makefile", s.path, path, name)
			}
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if _, is := n.(*ast.GoStmt); is {
				t.Errorf("%s starts a goroutine: add %s to SHARED in the Makefile", s.fset.Position(n.Pos()), name)
			}
			return true
		})
	}
}

// The pure floors take time as data, start no goroutine, and draw no number that a seed does not give.
func TestHouse_PureFloorsStayPure(t *testing.T) {
	for _, s := range sources(t) {
		mine, known := floor(s.pkg)
		if !known || mine > 3 || s.pkg == "." || isSuite(s.pkg) || strings.HasSuffix(s.path, "_test.go") || strings.HasSuffix(s.path, ".pb.go") {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				t.Errorf("%s: floor %d starts a goroutine", s.fset.Position(n.Pos()), mine)
			case *ast.SelectorExpr:
				x, ok := n.X.(*ast.Ident)
				if !ok {
					break
				}
				name := x.Name + "." + n.Sel.Name
				switch name {
				case "time.Now", "time.Since", "time.Sleep", "time.After", "time.Until", "time.NewTimer", "time.NewTicker",
					"rand.Int", "rand.IntN", "rand.Float64", "rand.NormFloat64", "rand.Uint64", "rand.N":
					t.Errorf("%s: floor %d uses %s; take it as data", s.fset.Position(n.Pos()), mine, name)
				}
			}
			return true
		})
	}
}

func TestHouse_EveryPackageSaysWhatItIs(t *testing.T) {
	said := map[string]int{}
	for _, s := range sources(t) {
		if strings.HasSuffix(s.path, "_test.go") {
			continue
		}
		if _, ok := said[s.pkg]; !ok {
			said[s.pkg] = 0
		}
		if s.file.Doc != nil && strings.HasPrefix(s.file.Doc.Text(), "Package "+s.file.Name.Name) ||
			s.file.Doc != nil && s.file.Name.Name == "main" && strings.HasPrefix(s.file.Doc.Text(), "Command ") {
			said[s.pkg]++
		}
	}
	for pkg, n := range said {
		if n != 1 {
			t.Errorf("%s has %d package comments, want 1", pkg, n)
		}
	}
}

// Exported names are documented.
func TestHouse_ExportedNamesAreDocumented(t *testing.T) {
	for _, s := range sources(t) {
		if strings.HasSuffix(s.path, "_test.go") || strings.HasSuffix(s.path, ".pb.go") || s.file.Name.Name == "main" {
			continue
		}
		for _, d := range s.file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() && d.Doc == nil && (d.Recv == nil || ast.IsExported(receiver(d))) && !wellKnown[d.Name.Name] {
					t.Errorf("%s: %s has no comment", s.fset.Position(d.Pos()), d.Name.Name)
				}
			case *ast.GenDecl:
				for _, sp := range d.Specs {
					ts, ok := sp.(*ast.TypeSpec)
					if ok && ts.Name.IsExported() && d.Doc == nil && ts.Doc == nil && ts.Comment == nil {
						t.Errorf("%s: %s has no comment", s.fset.Position(ts.Pos()), ts.Name.Name)
					}
				}
			}
		}
	}
}

// wellKnown methods are named by an interface of the standard library, which says what they do.
var wellKnown = map[string]bool{"Error": true, "String": true, "Unwrap": true, "MarshalText": true, "UnmarshalText": true,
	"MarshalJSON": true, "UnmarshalJSON": true, "Close": true, "ServeHTTP": true, "Read": true, "Write": true, "Is": true}

func receiver(d *ast.FuncDecl) string {
	x := d.Recv.List[0].Type
	if st, ok := x.(*ast.StarExpr); ok {
		x = st.X
	}
	if ix, ok := x.(*ast.IndexExpr); ok {
		x = ix.X
	}
	if id, ok := x.(*ast.Ident); ok {
		return id.Name
	}
	return ""
}

var vague = regexp.MustCompile(`^(util|utils|common|helper|helpers|types|base|misc|shared)$`)

func TestHouse_NoPackageWithoutAName(t *testing.T) {
	for _, s := range sources(t) {
		if vague.MatchString(filepath.Base(s.pkg)) {
			t.Errorf("%s: a package named %q says nothing; name it after what it holds", s.path, filepath.Base(s.pkg))
		}
	}
}
