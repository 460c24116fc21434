// Package browser tests the live page of package train/web in a headless Chromium. It is a module of its own, so that
// what drives the browser is nobody else's dependency.
package browser
