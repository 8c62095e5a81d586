package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

func get(h http.Handler, method, path, accept string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://x/", nil)
	r.URL.Path = path
	r.Header.Set("Accept-Encoding", accept)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestServesBuiltPages(t *testing.T) {
	h := Handler(fstest.MapFS{"console.html": {Data: []byte("<page>")}, "console.html.gz": {Data: []byte("packed")},
		"assets/a-1f.js": {Data: []byte("js")}, ".keep": {}, "dir/x.txt": {Data: []byte("x")}}, map[string]string{"/console": "console.html", "/": "console.html"})
	for _, tc := range []struct {
		path, accept, body, encoding, cache string
		code                                int
	}{
		{"/console", "", "<page>", "", "no-cache", 200},
		{"/", "gzip;q=0", "<page>", "", "no-cache", 200},
		{"/console", "br, gzip", "packed", "gzip", "no-cache", 200},
		{"/assets/a-1f.js", "gzip", "js", "", "public, immutable, max-age=31536000", 200},
		{"/console.html.gz", "", "", "", "no-cache", 404},
		{"/.keep", "", "", "", "no-cache", 404},
		{"/dir", "", "", "", "no-cache", 404},
		{"/../handler.go", "", "", "", "no-cache", 404},
		{"/%2e%2e/x", "", "", "", "no-cache", 404},
		{"/a\x00b", "", "", "", "no-cache", 404},
	} {
		w := get(h, "GET", tc.path, tc.accept)
		if w.Code != tc.code || tc.code == 200 && w.Body.String() != tc.body || w.Header().Get("Content-Encoding") != tc.encoding ||
			w.Header().Get("Cache-Control") != tc.cache || !strings.Contains(w.Header().Get("Content-Security-Policy"), "default-src 'self'") {
			t.Errorf("GET %q: %d %q %v", tc.path, w.Code, w.Body, w.Header())
		}
	}
	if w := get(h, "POST", "/console", ""); w.Code != 405 {
		t.Error("POST:", w.Code)
	}
	if w := get(h, "HEAD", "/console", ""); w.Code != 200 || w.Body.Len() != 0 || w.Header().Get("Content-Length") != "6" {
		t.Error("HEAD:", w.Code, w.Header())
	}
}

func TestSaysWhenNothingIsBuilt(t *testing.T) {
	h := Handler(fstest.MapFS{".keep": {}}, map[string]string{"/console": "console.html"})
	if w := get(h, "GET", "/console", "gzip"); w.Code != 503 || !strings.Contains(w.Body.String(), "界面未构建") {
		t.Error(w.Code, w.Body)
	}
	if w := get(h, "GET", "/x", ""); w.Code != 404 {
		t.Error(w.Code)
	}
}
