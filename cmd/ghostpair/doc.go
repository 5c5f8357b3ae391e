// Command ghostpair finds errors that come in pairs at a known lag, in counters that Prometheus
// already has. The manual of its commands is docs/commands.md; `ghostpair help <command>` has the
// same in short.
package main
