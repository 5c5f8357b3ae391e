// Package diagnosis says why: what else than the gap between errors is known about a route, and
// which cause fits it.
//
// It answers four questions, each a pure function of counts that somebody else has read:
//
//   - Account: do coarse scrapes, which cannot show the gap, show that errors last as long as a
//     timeout? It decides `suspected`, never `paired`.
//   - Checks: what does every other counter say? Each check is a statement that is supported,
//     contradicted, or cannot be told.
//   - Rank: which causes of the catalogue predict what the checks found?
//   - Placement and Preflight: which pods share a node, so that a load balancer that preserves
//     client addresses would drop their connections?
//
// Assumption throughout: counts come from regular scrape intervals of single processes, births and
// resets already accounted for. What is absent is a nil pointer or an unset flag, never a zero.
package diagnosis
