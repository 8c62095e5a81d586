package dispatcher

import (
	"context"
	"encoding/json"
	"html/template"
	"io/fs"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"lifeline120/internal/desk"
	city "lifeline120/maps"
	"lifeline120/web"
)

// pages are the centre's screens under their paths.
var pages = map[string]string{"/console": "console.html", "/hospital": "hospital.html", "/sos": "caller.html"}

// openPages gives the pages to serve. A folder that is named must be a build: a desk would else find out at the first call.
func openPages(cfg Config) (fs.FS, error) {
	if cfg.WebDir == "" {
		return cfg.Pages, nil
	}
	files := os.DirFS(cfg.WebDir)
	for _, name := range slices.Sorted(maps.Values(pages)) {
		if info, err := fs.Stat(files, name); err != nil || info.IsDir() {
			return nil, wrong("%s is no folder of built pages: %s is not there; name one that `make build` made with --web-dir, or leave it out", cfg.WebDir, name)
		}
	}
	return files, nil
}

// apiOf makes the API of a centre on a mux. The document of it is the same with any centre.
func apiOf(mux *http.ServeMux, c *Centre, version string) huma.API {
	cfg := huma.DefaultConfig("Lifeline 120", "1")
	cfg.Info.Description = "The API of a Lifeline 120 dispatcher. Every write of a person carries X-By and an id of its own: the same id sent again changes nothing."
	cfg.Info.License = &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"}
	cfg.DocsPath, cfg.SchemasPath, cfg.CreateHooks = "", "", nil
	api := humago.New(mux, cfg)
	c.routes(api)
	for _, item := range api.OpenAPI().Paths {
		if item.Post == nil {
			continue
		}
		done := *item.Post.Responses["200"]
		done.Description = "Done and sent, but not recorded: the store does not answer (DLV-006)"
		item.Post.Responses["202"] = &done
	}
	if p := api.OpenAPI().Components.Schemas.Map()["ErrorModel"]; p != nil {
		p.Properties["code"] = &huma.Schema{Type: "string", Description: "key of the screens' dictionary: refused, not_found, busy, stopping, store_refused, photo_not_jpeg, photo_too_big, full, too_fast, link_ended"}
		p.Properties["args"] = &huma.Schema{Type: "object", AdditionalProperties: &huma.Schema{Type: "string"}, Description: "of refused: what, from, to, why"}
	}
	for _, sc := range api.OpenAPI().Components.Schemas.Map() {
		for _, prop := range sc.Properties {
			prop.Nullable = prop.Nullable && prop.Type != huma.TypeArray // a list is empty or absent, never null
		}
	}
	return api
}

// OpenAPI is the document of the API, as `make gen` writes it.
func OpenAPI() ([]byte, error) {
	api := apiOf(http.NewServeMux(), &Centre{}, "")
	b, err := json.MarshalIndent(api.OpenAPI(), "", "  ")
	if err != nil {
		return nil, err
	}
	return append(b, '\n'), nil
}

// Handler serves the centre: API, feed, pages, health, metrics and documents.
func (c *Centre) Handler(files fs.FS) http.Handler {
	mux := http.NewServeMux()
	api := apiOf(mux, c, c.cfg.Version)
	reg := prometheus.NewRegistry()
	c.Metrics(reg)
	mux.Handle("GET /metrics", promhttp.HandlerFor(reg, promhttp.HandlerOpts{}))
	mux.Handle("GET /ws", c.hub)
	mux.HandleFunc("GET /healthz", c.healthz)
	mux.HandleFunc("GET /readyz", c.readyz)
	if m := c.cfg.Map; m != nil {
		mux.HandleFunc("GET /map/tiles/{z}/{x}/{y}", m.ServeTile)
		mux.HandleFunc("GET /map/"+city.TilesFile, m.ServeFile)
	}
	mux.Handle("GET /docs", docs(api.OpenAPI()))
	mux.Handle("GET /{$}", http.RedirectHandler("/console", http.StatusFound))
	mux.Handle("/", web.Handler(files, pages))
	return bounded(mux, c.log)
}

// bounded is what every request meets: a bound on its body, which of an alarm is cut and not refused, headers against confusion, and a fault of the program costs the request
// and nothing more (ACC-003).
func bounded(next http.Handler, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if v := recover(); v != nil && v != http.ErrAbortHandler {
				log.Error("a request failed", "path", r.URL.Path, "panic", v)
				panic(http.ErrAbortHandler)
			}
		}()
		if into := alarmBody(r); into != nil {
			r = tolerant(r, into)
		}
		most := int64(maxRequest)
		if photoBody(r) {
			if most = maxPhotoRequest; r.ContentLength > most {
				refuse(w, http.StatusRequestEntityTooLarge, "photo_too_big", "the photo is too big: at most 512 KiB")
				return
			}
		}
		if r.ContentLength > most {
			http.Error(w, "the body is too long: at most 64 KiB", http.StatusRequestEntityTooLarge)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, most)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(w, r)
	})
}

// fromPublic marks the requests that came by the public listener.
type fromPublic struct{}

// Public lets through what a caller's phone needs, and nothing else: its page and its alarm, which the page asks after. The feed is not
// among it: the public must not take the screens' places.
func Public(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p := r.URL.Path
		switch {
		case p == "/":
			http.Redirect(w, r, "/sos", http.StatusFound)
			return
		case p == "/sos", p == "/favicon.svg", strings.HasPrefix(p, "/assets/"), p == "/api/v1/time", p == "/api/v1/about",
			p == "/api/v1/alarms/caller", strings.HasPrefix(p, "/api/v1/sos/"):
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), fromPublic{}, true)))
			return
		}
		http.NotFound(w, r)
	})
}

// healthz says whether the owner of the state works.
func (c *Centre) healthz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), time.Second)
	defer cancel()
	if err := c.Look(ctx, func(*desk.State) {}); err != nil {
		http.Error(w, "the centre does not answer: "+err.Error(), http.StatusServiceUnavailable)
		return
	}
	_, _ = w.Write([]byte("ok\n"))
}

// readyz says whether everything works: the store answers a durable write, the broker is linked.
func (c *Centre) readyz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	var wrong []string
	if err := c.cfg.Store.Ping(ctx); err != nil {
		wrong = append(wrong, "store: "+err.Error())
	}
	if c.cfg.Dialer != nil && !c.count.linked.Load() {
		wrong = append(wrong, "broker: no link")
	}
	if err := c.Look(ctx, func(*desk.State) {}); err != nil {
		wrong = append(wrong, "centre: "+err.Error())
	}
	if len(wrong) > 0 {
		http.Error(w, strings.Join(wrong, "\n"), http.StatusServiceUnavailable)
		return
	}
	_, _ = w.Write([]byte("ready\n"))
}

var docsPage = template.Must(template.New("docs").Parse(`<!doctype html><html lang="en"><meta charset="utf-8"><title>Lifeline 120 API</title>
<h1>Lifeline 120 API</h1><p>The whole document: <a href="/openapi.json">openapi.json</a> (OpenAPI 3.1). Live values: the websocket /ws, subprotocol lifeline.v1.</p>
{{range .}}<h2 id="{{.ID}}"><code>{{.Method}} {{.Path}}</code></h2><p>{{.Summary}}</p>
{{if .Parameters}}<ul>{{range .Parameters}}<li><code>{{.Name}}</code> ({{.In}}{{if .Required}}, required{{end}}) {{.Description}}</li>{{end}}</ul>{{end}}
{{with .Body}}<p>Body: <code>{{.}}</code></p>{{end}}{{with .Answer}}<p>Answer: <code>{{.}}</code></p>{{end}}
{{end}}</html>
`))

type docsOperation struct {
	ID, Method, Path, Summary, Body, Answer string
	Parameters                              []*huma.Param
}

// docs is a page that lists the operations, and needs nothing from elsewhere.
func docs(o *huma.OpenAPI) http.Handler {
	var ops []docsOperation
	for path, item := range o.Paths {
		for method, op := range map[string]*huma.Operation{"GET": item.Get, "POST": item.Post} {
			if op == nil {
				continue
			}
			d := docsOperation{ID: op.OperationID, Method: method, Path: path, Summary: op.Summary, Parameters: op.Parameters}
			if op.RequestBody != nil {
				d.Body = schemaName(op.RequestBody.Content)
			}
			if r := op.Responses["200"]; r != nil {
				d.Answer = schemaName(r.Content)
			}
			ops = append(ops, d)
		}
	}
	slices.SortFunc(ops, func(a, b docsOperation) int { return strings.Compare(a.Path+a.Method, b.Path+b.Method) })
	var page strings.Builder
	if err := docsPage.Execute(&page, ops); err != nil {
		panic(err) // the page and its data are constants of the program
	}
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		web.Headers(w.Header())
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(page.String()))
	})
}

func schemaName(content map[string]*huma.MediaType) string {
	for _, m := range content {
		switch {
		case m.Schema == nil:
		case m.Schema.Ref != "":
			return m.Schema.Ref[strings.LastIndex(m.Schema.Ref, "/")+1:]
		case m.Schema.Items != nil && m.Schema.Items.Ref != "":
			return "list of " + m.Schema.Items.Ref[strings.LastIndex(m.Schema.Items.Ref, "/")+1:]
		}
	}
	return ""
}
