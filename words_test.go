package lifeline120_test

import (
	"go/ast"
	"go/token"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var (
	slug     = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
	coded    = regexp.MustCompile("`([^`\n]+)`")
	zhState  = regexp.MustCompile(`(?m)^\s*'((?:node|quality|priority|pathway|incident\.state|unit\.duty|device\.state|sheet\.type|alarm\.kind|alarm\.state)\.[A-Za-z_]+)': '([^']*)'`)
	wordKeep = map[string]bool{"pathway.none": true} // says that there is none
)

// Every word of the ground floor, of the catalogue of alarms, of the drivers, of the scores and of the recommendation stands in docs/words.md.
func TestWords_EachStandsInTheTable(t *testing.T) {
	page, err := os.ReadFile("docs/words.md")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, m := range coded.FindAllStringSubmatch(string(page), -1) {
		known[m[1]] = true
	}
	found := 0
	want := func(s source, pos token.Pos, word string) {
		found++
		if !known[word] {
			t.Errorf("%s: %q does not stand in docs/words.md: give it its Chinese name there", s.fset.Position(pos), word)
		}
	}
	for _, s := range sources(t) {
		if strings.HasSuffix(s.path, "_test.go") {
			continue
		}
		switch {
		case s.pkg == "internal/ems":
			exportedTypes(s, want)
			literals(s, want)
		case s.pkg == "internal/alarm" && strings.HasSuffix(s.path, "catalogue.go"):
			constants(s, "Code", want)
		case s.pkg == "internal/triage":
			literals(s, want)
		case s.pkg == "internal/match":
			reasons(s, want)
		case strings.HasPrefix(s.pkg, "internal/monitor/") && s.pkg != "internal/monitor/drivers" && !isSuite(s.pkg):
			literals(s, want)
		}
	}
	if found < 150 {
		t.Fatalf("found only %d words: the code must have changed its form", found)
	}
}

// Every library that our own code brings into a binary is named in NOTICE.
func TestWords_NoticeNamesTheLibraries(t *testing.T) {
	notice, err := os.ReadFile("NOTICE")
	if err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	modules := regexp.MustCompile(`(?m)^\t(\S+) v\S+$`).FindAllStringSubmatch(string(mod), -1) // the direct ones
	if len(modules) < 10 {
		t.Fatalf("found only %d direct modules in go.mod", len(modules))
	}
	missing := map[string]string{} // module -> a file that uses it
	for _, s := range sources(t) {
		if strings.HasSuffix(s.path, "_test.go") || isSuite(s.pkg) {
			continue
		}
		for _, im := range s.file.Imports {
			path, _ := strconv.Unquote(im.Path.Value)
			for _, m := range modules {
				name := strings.Replace(m[1], "golang.org/x/sync", "golang.org/x/{crypto,net,sync,", 1)
				if (path == m[1] || strings.HasPrefix(path, m[1]+"/")) && !strings.Contains(string(notice), name) {
					missing[m[1]] = s.path
				}
			}
		}
	}
	for m, path := range missing {
		t.Errorf("%s uses %s, which NOTICE does not name", path, m)
	}
}

// A screen calls a state by the name that the table has.
func TestWords_ScreensUseThem(t *testing.T) {
	page, err := os.ReadFile("docs/words.md")
	if err != nil {
		t.Fatal(err)
	}
	dict, err := os.ReadFile("web/src/text/zh.ts")
	if err != nil {
		t.Fatal(err)
	}
	found := zhState.FindAllStringSubmatch(string(dict), -1)
	if len(found) < 40 {
		t.Fatalf("found only %d states in the screens' dictionary: it must have changed its form", len(found))
	}
	for _, m := range found {
		word, _, _ := strings.Cut(m[2], "（") // what to do about it stands in brackets
		if !wordKeep[m[1]] && !strings.Contains(string(page), word) {
			t.Errorf("web/src/text/zh.ts calls %s %q; docs/words.md has no such word", m[1], word)
		}
	}
}

func exportedTypes(s source, want func(source, token.Pos, string)) {
	ast.Inspect(s.file, func(n ast.Node) bool {
		if ts, ok := n.(*ast.TypeSpec); ok && ts.Name.IsExported() {
			want(s, ts.Pos(), ts.Name.Name)
		}
		return true
	})
}

// literals are the words that a file holds as values: not imports, tags and formats.
func literals(s source, want func(source, token.Pos, string)) {
	ast.Inspect(s.file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec, *ast.StructType:
			return false
		case *ast.BasicLit:
			if v, err := strconv.Unquote(n.Value); n.Kind == token.STRING && err == nil && slug.MatchString(v) && !notWords[v] {
				want(s, n.Pos(), v)
			}
		}
		return true
	})
}

// notWords are values that look like words: a strip's own name, and what a Quality that does not exist prints as.
var notWords = map[string]bool{"ecg": true, "unknown": true}

func constants(s source, typ string, want func(source, token.Pos, string)) {
	ast.Inspect(s.file, func(n ast.Node) bool {
		vs, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if id, ok := vs.Type.(*ast.Ident); ok && id.Name == typ {
			for _, v := range vs.Values {
				if lit, ok := v.(*ast.BasicLit); ok {
					word, _ := strconv.Unquote(lit.Value)
					want(s, lit.Pos(), word)
				}
			}
		}
		return true
	})
}

// reasons are the codes given to why(...) or Why{Code: ...}.
func reasons(s source, want func(source, token.Pos, string)) {
	word := func(e ast.Expr) {
		if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			v, _ := strconv.Unquote(lit.Value)
			want(s, lit.Pos(), v)
		}
	}
	ast.Inspect(s.file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			if id, ok := n.Fun.(*ast.Ident); ok && id.Name == "why" && len(n.Args) > 0 {
				word(n.Args[0])
			}
		case *ast.KeyValueExpr:
			if id, ok := n.Key.(*ast.Ident); ok && id.Name == "Code" {
				word(n.Value)
			}
		}
		return true
	})
}
