// Package explain puts the checks and causes of a finding into words, the same for the terminal, the
// page and the report. It claims no more than the finding does: where nothing decisive speaks for a
// cause it says so, and what would decide.
package explain
