// Package web serves the built pages. The pages themselves are in web/centre and web/onboard; the sources of them are in web/src.
package web

import (
	"errors"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// The policy that the pages were proven with: nothing from elsewhere, nothing inline (docs/feed.md).
const policy = "default-src 'self'; style-src 'self'; script-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; " +
	"connect-src 'self'; worker-src 'self'; font-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"

const notBuilt = `<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>界面未构建</title>
<h1>界面未构建</h1><p>请在项目根目录运行 <code>make build</code>，再重新启动。电话 120 不受影响。</p>
<p lang="en">The pages are not built: run <code>make build</code> and start again.</p></html>
`

// Headers sets the headers that every answer to a browser has.
func Headers(h http.Header) {
	h.Set("Content-Security-Policy", policy)
	h.Set("Permissions-Policy", "camera=(self), microphone=(self), geolocation=(self)")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
}

// Handler serves the files of a build, and its pages under their own paths: pages maps "/console" to "console.html". Files under
// /assets/ have their hash in the name and are kept by the browser for good; all else is asked for each time. The .gz beside a
// file is sent where it is accepted.
func Handler(files fs.FS, pages map[string]string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		Headers(w.Header())
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "use GET", http.StatusMethodNotAllowed)
			return
		}
		at := path.Clean(r.URL.Path)
		name, page := pages[at]
		if !page {
			name = strings.TrimPrefix(at, "/")
		}
		w.Header().Set("Cache-Control", "no-cache")
		switch err := send(w, r, files, name); {
		case err == nil:
		case page:
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, notBuilt)
		default:
			http.NotFound(w, r)
		}
	})
}

var errNoFile = errors.New("web: no such file")

func send(w http.ResponseWriter, r *http.Request, files fs.FS, name string) error {
	if !fs.ValidPath(name) || strings.HasSuffix(name, ".gz") || strings.HasPrefix(path.Base(name), ".") {
		return errNoFile
	}
	h := w.Header()
	kind := mime.TypeByExtension(path.Ext(name))
	body, err := open(files, name+".gz")
	packed := err == nil
	if packed {
		h.Add("Vary", "Accept-Encoding")
	}
	if !packed || !accepts(r) {
		if packed {
			body.Close()
			packed = false
		}
		if body, err = open(files, name); err != nil {
			return err
		}
	}
	defer body.Close()
	if packed {
		h.Set("Content-Encoding", "gzip")
	}
	if kind == "" {
		kind = "application/octet-stream"
	}
	h.Set("Content-Type", kind)
	if strings.HasPrefix(name, "assets/") {
		h.Set("Cache-Control", "public, immutable, max-age=31536000")
	}
	if st, err := body.Stat(); err == nil {
		h.Set("Content-Length", strconv.FormatInt(st.Size(), 10))
	}
	if r.Method == http.MethodHead {
		return nil
	}
	_, _ = io.Copy(w, body) // a browser that went away is no fault of ours
	return nil
}

// open opens a file, and no folder.
func open(files fs.FS, name string) (fs.File, error) {
	f, err := files.Open(name)
	if err != nil {
		return nil, err
	}
	if st, err := f.Stat(); err != nil || st.IsDir() {
		f.Close()
		return nil, errNoFile
	}
	return f, nil
}

// accepts says whether the browser takes gzip: all do, but "gzip;q=0" is a no.
func accepts(r *http.Request) bool {
	for _, part := range strings.Split(r.Header.Get("Accept-Encoding"), ",") {
		name, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		if name == "gzip" {
			return strings.TrimSpace(q) != "q=0"
		}
	}
	return false
}
