// Grafana is what the tests run in Grafana's pod, where Grafana itself cannot be had: it is well, has measures, and
// tells what it was given and whom it reaches. It shows what is around Grafana, and nothing of Grafana.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

func main() {
	http.HandleFunc("/api/health", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, `{"database":"ok"}`)
	})
	http.HandleFunc("/metrics", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("content-type", "text/plain; version=0.0.4")
		fmt.Fprintln(w, "# TYPE grafana_build_info gauge\ngrafana_build_info 1")
	})
	// The names of the files that match, or what is in the only one.
	http.HandleFunc("/files", func(w http.ResponseWriter, r *http.Request) {
		names, _ := filepath.Glob(r.URL.Query().Get("glob"))
		if len(names) == 1 {
			text, err := os.ReadFile(names[0])
			answer(w, text, err)
			return
		}
		text, err := json.Marshal(names)
		answer(w, text, err)
	})
	// What another server says.
	http.HandleFunc("/ask", func(w http.ResponseWriter, r *http.Request) {
		client := http.Client{Timeout: 5 * time.Second}
		got, err := client.Get(r.URL.Query().Get("url"))
		if err != nil {
			answer(w, nil, err)
			return
		}
		defer got.Body.Close()
		text, err := io.ReadAll(got.Body)
		answer(w, text, err)
	})
	// The headers of whoever asks.
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		text, err := json.Marshal(r.Header)
		answer(w, text, err)
	})
	log.Fatal(http.ListenAndServe(":3000", nil))
}

func answer(w http.ResponseWriter, text []byte, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	_, _ = w.Write(text)
}
