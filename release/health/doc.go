// Package health judges a candidate. It is pure: its input is observations, and its output a verdict with reasons.
//
// It has three gates. Gate A comes before any traffic and judges probes of the tag's URL. Gate B comes at every step and judges probes
// of the tag's URL and of the service's. Gate C covers the whole release and judges probes and Cloud Monitoring together. Missing data
// has its own verdict, Inconclusive, and never counts as health.
//
// # Gate C
//
// The controller looks at a release every few seconds. A test that is made for a single look raises a false alarm sooner or later if
// it is repeated at every look. Gate C therefore uses e-values. An e-value is a number that is never negative and whose expectation is
// at most 1 while nothing is wrong. The product of the e-values of independent looks is again an e-value. By Ville's inequality, the
// chance that such a product ever reaches 1/a is at most a, whenever and however often one looks. So a candidate is called worse when
// its e-value reaches 100, with at most 1 % false alarms over the whole release. It is called good enough at 20, with at most 5 % of
// the bad candidates called so. No minimum number of samples is needed.
//
// Compared with stable. In one look, the candidate gets n requests and stable m over the same time, and e of all n+m fail. If both
// fail alike, every way to place the e failures is equally likely, whatever the rate. Then k of them are the candidate's with the
// probability h(k) = C(n,k)·C(m,e-k)/C(n+m,e), the hypergeometric distribution. If the candidate's odds of failing are w times
// stable's, the probability is h(k)·w^k/Σ h(i)·w^i, Fisher's noncentral hypergeometric distribution. The quotient of the two, w^k/Σ
// h(i)·w^i, is a likelihood ratio. Its expectation is exactly 1 while both fail alike. It is below 1 while the candidate fails less,
// because the quotient grows with k. No rate has to be known beforehand. w is not known either, so the products for w = 2, 4 … 64
// are averaged; an average of e-values is an e-value.
//
// Against the limit. Two kinds of requests have no counterpart at stable: the candidate's own probes, and its requests at 100 %. For
// each of the two, the e-value is the likelihood ratio of a share above the limit to the limit itself, averaged over six such shares.
// The three kinds of e-values are then averaged. They are not added up, so that many good probes of one path do not hide what visitors
// meet on another. If stable has failed more than the limit, requests to the candidate alone are left out, because a broken stable
// would have failed them as well. Then only the comparison counts.
//
// Good enough. This is the same test the other way round, with probes and requests together: the likelihood ratio of shares below the
// limit to the limit, averaged over five. While the share of failures is above the limit, its expectation is at most 1. If more of the
// visitors' requests fail than the limit and than stable's, nothing is called good, whatever the probes say.
//
// Assumptions. Within one look, requests fail independently, and each revision gets its share by chance. Probes that fail in a row
// count as one failure here, because they may have one cause; gate B limits the length of a row. A resumed release begins to count
// again, with a new 1 %.
//
// Sources: J. Ville, Étude critique de la notion de collectif, 1939; A. Wald, Sequential tests of statistical hypotheses, Annals of
// Mathematical Statistics 16, 1945; R. A. Fisher, The logic of inductive inference, Journal of the Royal Statistical Society 98, 1935;
// R. Turner, A. Ly, P. Grünwald, Generic E-variables for exact sequential k-sample tests that allow for optional stopping, 2021;
// A. Ramdas, P. Grünwald, V. Vovk, G. Shafer, Game-theoretic statistics and safe anytime-valid inference, Statistical Science 38, 2023.
package health
