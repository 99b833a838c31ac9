// Package health judges a candidate. It is pure: observations go in, a verdict with its reasons comes out.
//
// Three gates: A before any traffic (probes of the tag's URL), B at every step (probes of the tag's URL and of the service's), C over the
// whole release (probes and Cloud Monitoring together). Absent data is a verdict of its own, Inconclusive, and never counts as health.
//
// # Gate C
//
// A release is looked at every few seconds. A test that is made for one look, made at each of them, raises a false alarm sooner or later.
// Gate C therefore measures by e-values: numbers that are never negative and whose expectation is at most 1 while nothing is wrong. A
// product of e-values of independent looks is one again, and by Ville's inequality the chance that such a product ever reaches 1/a is at
// most a, whenever and however often one looks. So a candidate is called worse at 100, with at most 1 % false alarms over the whole
// release, and good enough at 20, with at most 5 % of the bad ones called so. No number of samples has to be reached first.
//
// Compared with stable. One look has n requests to the candidate and m to stable over the same time, and e failures among all n+m. While
// both fail alike, each way to place the e failures is equally likely, whatever the rate, so that k of them at the candidate have the
// probability h(k) = C(n,k)·C(m,e-k)/C(n+m,e), the hypergeometric distribution. Were the candidate's odds of failing w times stable's,
// the probability would be h(k)·w^k/Σ h(i)·w^i, Fisher's noncentral hypergeometric distribution. The quotient of the two,
// w^k/Σ h(i)·w^i, is a likelihood ratio: its expectation is exactly 1 while both fail alike, and below 1 while the candidate fails less,
// because it grows with k. It needs no rate that is known beforehand. w is not known, so that the products for w = 2, 4 … 64 are averaged;
// an average of e-values is one.
//
// Against the limit. The candidate's own probes have no counterpart, and at 100 % its requests have none. For each of the two the e-value
// is the likelihood ratio of a share above the limit to the limit itself, averaged over six such shares. The three kinds are averaged in
// turn; they are not added up, so that many good probes of one path do not hide what visitors meet on another. Requests that a broken
// stable would have failed as well are left out: where stable failed more than the limit, only the comparison counts.
//
// Good enough. The same the other way round, with probes and requests together: the likelihood ratio of shares below the limit to the
// limit, averaged over five. While the share of failures is above the limit its expectation is at most 1. Where more of the visitors'
// requests failed than the limit and than stable's, nothing is called good, whatever the probes say.
//
// What is assumed: within one look requests fail independently, and each revision gets its share by chance. Probes that fail in a row are
// given to it as one failure, because they may have one cause; how long a row may be is gate B's to say. A resumed release begins to
// count anew, with a new 1 %.
//
// Sources: J. Ville, Étude critique de la notion de collectif, 1939; A. Wald, Sequential tests of statistical hypotheses, Annals of
// Mathematical Statistics 16, 1945; R. A. Fisher, The logic of inductive inference, Journal of the Royal Statistical Society 98, 1935;
// R. Turner, A. Ly, P. Grünwald, Generic E-variables for exact sequential k-sample tests that allow for optional stopping, 2021;
// A. Ramdas, P. Grünwald, V. Vovk, G. Shafer, Game-theoretic statistics and safe anytime-valid inference, Statistical Science 38, 2023.
package health
