// Package stopped is a middleware for Traefik, which reads and runs this source at its start.
// It answers every request itself: this workspace is stopped.
package stopped

import (
	"context"
	"io"
	"net/http"
	"strings"
)

// Config has no settings.
type Config struct{}

// CreateConfig is how Traefik asks for the defaults.
func CreateConfig() *Config {
	return &Config{}
}

// New is how Traefik puts the middleware before a route, whose service is never asked.
func New(_ context.Context, _ http.Handler, _ *Config, _ string) (http.Handler, error) {
	return http.HandlerFunc(answer), nil
}

func answer(w http.ResponseWriter, r *http.Request) {
	body, kind := text, "text/plain; charset=utf-8"
	if strings.Contains(r.Header.Get("Accept"), "text/html") {
		body, kind = page, "text/html; charset=utf-8"
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Vary", "Accept")
	// Whoever starts it again, the next request must find it.
	h.Set("Cache-Control", "no-store")
	h.Set("Retry-After", "300")
	// Tells a program this answer from a proxy's own 503.
	h.Set("X-Workspace-State", "stopped")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	w.WriteHeader(http.StatusServiceUnavailable)
	_, _ = io.WriteString(w, body)
}

const text = `This workspace is stopped.

Its files are kept. Nothing runs in it until whoever runs this platform starts it again: ask them.
`

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>This workspace is stopped</title>
<style>
:root { color-scheme: light dark }
body { font: 1.125rem/1.5 system-ui, sans-serif; margin: 15vh auto; max-width: 32rem; padding: 0 1.5rem }
h1 { font-size: 1.75rem; line-height: 1.2 }
</style>
</head>
<body>
<main>
<h1>This workspace is stopped</h1>
<p>Its files are kept. Nothing runs in it until it is started again.</p>
<p>Ask whoever runs this platform to start it. This page then becomes your editor: load it again.</p>
</main>
</body>
</html>
`
