// Package session is a middleware for Traefik, which reads and runs this source at its start.
// It stands between sign-in and what runs in a workspace: that never sees the cookie by which the platform knows
// somebody, and no answer of it sets or clears that. Scripts of its pages are the browser's to hold.
package session

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"regexp"
	"strings"
)

// Config says which cookies are the platform's.
type Config struct {
	// Names of cookies. Each stands also for all that begin with it and an underscore: the parts of a long one.
	Names []string `json:"names,omitempty"`
}

// CreateConfig is how Traefik asks for the defaults.
func CreateConfig() *Config {
	return &Config{}
}

// New is how Traefik puts the middleware before a route. An error closes the route.
func New(_ context.Context, next http.Handler, config *Config, _ string) (http.Handler, error) {
	if len(config.Names) == 0 {
		return nil, errors.New("no cookie has a name")
	}
	quoted := make([]string, 0, len(config.Names))
	for _, name := range config.Names {
		if name == "" {
			return nil, errors.New("a cookie has no name")
		}
		quoted = append(quoted, regexp.QuoteMeta(name))
	}
	// This source is interpreted, regular expressions are not: one of them is faster than a loop of our own.
	names := `(?:` + strings.Join(quoted, "|") + `)(?:_[^=;]*)?`
	return &session{
		next: next,
		// A quote ends at the semicolon too: a cookie that opens one would otherwise hide those after it.
		sent: regexp.MustCompile(`(?:^|;)[ \t]*` + names + `[ \t]*=[^;]*`),
		// Browsers take `=a=b` for a cookie without a name, and send back `a=b`.
		given: regexp.MustCompile(`^[^!-<>-~]*` + names + `[^!-~]*(?:[=;]|$)`),
	}, nil
}

type session struct {
	next  http.Handler
	sent  *regexp.Regexp
	given *regexp.Regexp
}

func (s *session) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var kept []string
	for _, line := range r.Header["Cookie"] {
		rest := s.sent.ReplaceAllString(line, "")
		if rest != line {
			rest = strings.TrimLeft(rest, "; \t")
		}
		if rest != "" {
			kept = append(kept, rest)
		}
	}
	if len(kept) == 0 {
		delete(r.Header, "Cookie")
	} else {
		r.Header["Cookie"] = kept
	}
	s.next.ServeHTTP(&answer{w: w, control: http.NewResponseController(w), given: s.given}, r)
}

// answer is what comes back, less what it says of the platform's cookies. Traefik sees of it the four methods below
// and no others: none by which it could send on what has come so far.
type answer struct {
	w       http.ResponseWriter
	control *http.ResponseController
	given   *regexp.Regexp
	begun   bool
	sendOn  bool
}

// Header is asked for before it is filled and after. Of a WebSocket's answer nothing else is asked.
func (a *answer) Header() http.Header {
	h := a.w.Header()
	drop(h, "Set-Cookie", a.given)
	drop(h, "Clear-Site-Data", cleared)
	return h
}

func (a *answer) WriteHeader(status int) {
	a.Header()
	a.w.WriteHeader(status)
	if status < 200 {
		return
	}
	a.begun = true
	// Traefik's own word for a workspace that is away is not sent: it may yet be thrown away, and asked again.
	a.sendOn = status < 500
	if a.sendOn && a.w.Header().Get("Content-Length") == "" {
		_ = a.control.Flush()
	}
}

func (a *answer) Write(part []byte) (int, error) {
	if !a.begun {
		a.WriteHeader(http.StatusOK)
	}
	n, err := a.w.Write(part)
	if err == nil && a.sendOn {
		_ = a.control.Flush()
	}
	return n, err
}

func (a *answer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return a.control.Hijack()
}

// cleared is what makes a browser forget the cookies of the whole domain.
var cleared = regexp.MustCompile(`"(?:cookies|\*)"`)

func drop(h http.Header, name string, pattern *regexp.Regexp) {
	lines := h[name]
	if len(lines) == 0 {
		return
	}
	var kept []string
	for _, line := range lines {
		if !pattern.MatchString(line) {
			kept = append(kept, line)
		}
	}
	if len(kept) == 0 {
		delete(h, name)
	} else {
		h[name] = kept
	}
}
