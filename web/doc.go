// Package web owns what a browser sees of a post: pages, assets, and the headers and checks that every answer passes.
//
// It promises that nothing but the binary serves a page: no inline script or style, no framework, nothing fetched from elsewhere.
// It knows no journal and no post; a handler gives it a Page and it writes HTML. view.go is the contract between both.
package web
