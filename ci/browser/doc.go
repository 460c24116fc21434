// Package browser tests the live page of package train/web in a headless Chromium. It is a separate module, so that
// what drives the browser is nobody else's dependency.
package browser
