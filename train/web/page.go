package web

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"net/http"
	"strings"
	"sync"
)

// The page and its charting library; uplot/README.md says where the latter is from.
var (
	//go:embed page/page.html
	pageHTML string
	//go:embed page/page.css
	pageCSS string
	//go:embed page/tables.js
	tablesJS string
	//go:embed page/charts.js
	chartsJS string
	//go:embed page/page.js
	pageJS string
	//go:embed uplot/uplot.css
	uplotCSS string
	//go:embed uplot/uplot.js
	uplotJS string
	//go:embed uplot/LICENSE
	uplotLicense string
)

// document is the page as one document, and the policy that lets a browser run and load nothing but what is in it.
var document = sync.OnceValues(func() (text, policy string) {
	style, library, script := uplotCSS+pageCSS, "/*\n"+uplotLicense+"*/\n"+uplotJS, tablesJS+chartsJS+pageJS
	text = strings.NewReplacer("{{style}}", style, "{{library}}", library, "{{script}}", script).Replace(pageHTML)
	policy = "default-src 'none'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; " +
		"frame-ancestors 'none'; style-src " + hash(style) + "; script-src " + hash(library) + " " + hash(script)
	return text, policy
})

// hash names an inline script or style in a policy.
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

func servePage(w http.ResponseWriter, r *http.Request) {
	text, policy := document()
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", policy)
	w.Write([]byte(text))
}
