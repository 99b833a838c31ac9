package dataplane

import (
	"context"
	"encoding/json"
	"html/template"
	"net/http"
	"strconv"
	"time"

	"github.com/guiofsaints/procureflow-platform/emulator/google/run"
	"github.com/guiofsaints/procureflow-platform/emulator/metrics"
)

var (
	errorPage = template.Must(template.New("error").Parse("<!doctype html><html><head><title>{{.Code}} " +
		"{{.Title}}</title></head><body><h1>Error: {{.Title}}</h1><p>{{.Text}}</p></body></html>\n"))
	homePage = template.Must(template.New("home").Parse("<!doctype html><html " +
		"lang=\"en\"><head><title>{{.Service}}</title></head><body><h1>{{.Service}}</h1><p>Revision {{.Revision}} of the sandbox " +
		"answers.</p></body></html>\n"))
)

// items is the list that /api/items answers, in place of the real application's catalogue.
var items = []map[string]any{
	{"id": "1", "name": "Laptop stand", "category": "Office", "price": 49.9},
	{"id": "2", "name": "Mechanical keyboard", "category": "Hardware", "price": 129},
	{"id": "3", "name": "Whiteboard markers", "category": "Stationery", "price": 12.5},
}

// answer lets a revision's emulated container answer, within the time limit of the template. It counts the request.
func (d *DataPlane) answer(w http.ResponseWriter, r *http.Request, service run.Service, revision run.Revision) {
	start := d.options.Now()
	behaviour := d.cloud.Run.Behaviour(run.Digest(revision.Image)).At(r.URL.Path)
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	wait, late := behaviour.Latency, false
	if wait > revision.Timeout {
		wait, late = revision.Timeout, true
	}
	if wait > 0 && d.options.Sleep(ctx, wait) != nil {
		return // the client is gone, and Cloud Run does not count a request without an answer
	}
	for name, value := range revision.Headers {
		w.Header().Set(name, value)
	}
	code := http.StatusOK
	switch {
	case late:
		code = http.StatusGatewayTimeout
		frontEnd(w, code, "Gateway Timeout", "The request has been terminated because it has reached the maximum request timeout.")
	case behaviour.ErrorRate > 0 && d.draw() < behaviour.ErrorRate:
		code = http.StatusInternalServerError
		w.Header().Set(RevisionHeader, revision.Name)
		writeJSON(w, code, map[string]any{"error": "internal error", "revision": revision.Name})
	default:
		w.Header().Set(RevisionHeader, revision.Name)
		code = d.respond(w, r, service, revision)
	}
	latency := max(d.options.Now().Sub(start), wait)
	d.options.Metrics.Record(metrics.Key{Service: service.Name, Revision: revision.Name, Class: metrics.Class(code)}, start, latency)
}

// respond is the emulated application: it answers the request.
func (d *DataPlane) respond(w http.ResponseWriter, r *http.Request, service run.Service, revision run.Revision) int {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		return writeJSON(w, http.StatusMethodNotAllowed, map[string]any{"error": "method not allowed"})
	}
	switch r.URL.Path {
	case "/":
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = homePage.Execute(w, map[string]any{"Service": service.ID, "Revision": revision.Name})
		return http.StatusOK
	case "/api/health":
		return writeJSON(w, http.StatusOK, map[string]any{"status": "ok", "service": service.ID, "revision": revision.Name,
			"time": d.options.Now().UTC().Format(time.RFC3339)})
	case "/api/items":
		list := items
		if limit, err := strconv.Atoi(r.URL.Query().Get("limit")); err == nil && limit >= 0 && limit < len(list) {
			list = list[:limit]
		}
		return writeJSON(w, http.StatusOK, map[string]any{"items": list, "total": len(items)})
	case "/__sandbox":
		// Only the names of the variables are shown, because values may be secrets.
		return writeJSON(w, http.StatusOK, map[string]any{"service": service.Name, "revision": revision.Name, "image": revision.Image,
			"env": revision.Variables})
	}
	return writeJSON(w, http.StatusNotFound, map[string]any{"error": "not found", "path": r.URL.Path})
}

func writeJSON(w http.ResponseWriter, code int, body any) int {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body) // the client is gone when this fails
	return code
}
