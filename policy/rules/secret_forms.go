package rules

import (
	"encoding/base64"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// secretForm describes a well-known credential: a text that it contains, and the pattern of the whole. The pattern is compiled for the
// first value that contains the text: all patterns together take 6 ms and 3 MB, and most packs meet none of these values.
type secretForm struct {
	begins  string
	pattern func() *regexp.Regexp
}

func form(begins, pattern string) secretForm {
	return secretForm{begins, sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })}
}

// vendorForms lists credentials by vendor, in the forms that the vendors document. It is the project's own list. The maintained
// lists come only with a scanner (gitleaks 8.30.1: 202 modules, 48 s of processor time to compile cold, 26 ms to start). A pack
// is compiled on every machine that uses it, so that would cost too much.
var vendorForms = forms(map[string]string{
	// Clouds and infrastructure
	"AKIA": `[0-9A-Z]{16}\b`, "ASIA": `[0-9A-Z]{16}\b`, "ABIA": `[0-9A-Z]{16}\b`, "ACCA": `[0-9A-Z]{16}\b`,
	"AIza": `[\w-]{35}`, "ya29.": `[\w-]{20}`, "GOCSPX-": `[\w-]{20}`, "GOOG1E": `[0-9A-Z]{50}`,
	"dop_v1_": `[0-9a-f]{64}`, "doo_v1_": `[0-9a-f]{64}`, "dor_v1_": `[0-9a-f]{64}`, "pul-": `[0-9a-f]{40}`,
	"hvs.": `[\w-]{24}`, "hvb.": `[\w-]{24}`, "dapi": `[0-9a-f]{32}`, "dckr_pat_": `[\w-]{20}`, "fo1_": `[\w-]{40}`, "FlyV1 ": `fm`,
	"tskey-": `[a-z]+-\w{10}`, "HRKU-": `[\w-]{30}`, "nfp_": `\w{30}`, "vercel_blob_rw_": `\w{20}`, "AGE-SECRET-KEY-1": ``,
	"pscale_tkn_": `[\w.-]{30}`, "pscale_pw_": `[\w.-]{30}`, "sbp_": `[0-9a-f]{40}`, "dp.pt.": `\w{40}`, "dp.st.": `[\w.-]{40}`,
	"napi_": `\w{40}`, "sb_secret_": `\w{20}`, "dckr_oat_": `[\w-]{20}`, "1//0": `[\w-]{40}`, "LTAI": `[A-Za-z0-9]{17,21}\b`,
	"dt0c01.": `[0-9A-Z]{24}\.[0-9A-Z]{60}`, "dt0s16.": `[0-9A-Z]{8}\.[0-9A-Z]{60}`, "p8e-": `[0-9a-f]{32}\b`, "ico-": `[A-Za-z0-9]{32}\b`,
	"ABSK": `[A-Za-z0-9+/]{100}`, "bedrock-api-key-": `[\w+/=]{40}`, "IQoJb3JpZ2lu": `[\w+/=]{80}`, "FwoGZXIvYXdz": `[\w+/=]{80}`,
	"v1.0-": `[0-9a-f]{24}-[0-9a-f]{146}`, "ops_eyJ": `[\w=-]{40}`, "A3-": `[A-Z0-9]{6}-(?:[A-Z0-9]{6}|[A-Z0-9]{11})(?:-[A-Z0-9]{5}){3}`,
	"st.": `[0-9a-f]{24}\.[0-9a-f]{32}\.[0-9a-f]{32}`, "rnd_": `[A-Za-z0-9]{28}`, "hcaik_": `[a-z0-9]{58}`,
	"sdk-":   `[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b`, // LaunchDarkly
	"dp.sa.": `[\w.-]{40}`, "dp.ct.": `[\w.-]{40}`, "dp.scim.": `[\w.-]{40}`, "dp.audit.": `[\w.-]{40}`, "pnu_": `[A-Za-z0-9]{36}`,
	// Code, packages, work
	"ghp_": `\w{36}`, "gho_": `\w{36}`, "ghu_": `\w{36}`, "ghs_": `\w{36}`, "ghr_": `\w{36}`, "github_pat_": `\w{22}`,
	"glpat-": `[\w-]{20}`, "gldt-": `[\w-]{20}`, "glrt-": `[\w-]{20}`, "glptt-": `[0-9a-f]{40}`, "glcbt-": `[\w-]{20}`,
	"glsoat-": `[\w-]{20}`, "glft-": `[\w-]{20}`, "gloas-": `[0-9a-f]{64}`, "glffct-": `[\w-]{20}`, "glagent-": `[\w-]{50}`,
	"glimt-": `[\w-]{25}`, "GR1348941": `[\w-]{20}`, "CCIPAT_": `\w{22}_[0-9a-f]{40}`, "CCIPRJ_": `\w{22}_[0-9a-f]{40}`,
	"bkua_": `[0-9a-f]{40}`, "sqp_": `[0-9a-f]{40}`, "squ_": `[0-9a-f]{40}`, "sqa_": `[0-9a-f]{40}`, "oy2": `[a-z0-9]{43}\b`,
	"AKCp": `[A-Za-z0-9]{69}`, "cmVmdGtu": `[\w+/=]{32}`, "pat": `[A-Za-z0-9]{14}\.[0-9a-f]{64}`, "rdme_": `[a-z0-9]{70}`,
	"tfp_": `\w{44}_\w{14}`, "ATBB": `[A-Za-z0-9]{32}\b`, "glwt-": `[\w-]{20}`, "CLOJARS_": `[0-9a-f]{60}`,
	"npm_": `\w{36}`, "pypi-AgE": `[\w-]{50}`, "rubygems_": `[0-9a-f]{48}`, "cio": `[A-Za-z0-9]{32}\b`, "sgp_": `\w{40}`,
	"PMAK-":  `[0-9a-f]{24}`,
	"ATATT3": `[\w=-]{50}`, "ATCTT3": `[\w=-]{50}`, "lin_api_": `\w{40}`, "ntn_": `\w{40}`, "secret_": `[A-Za-z0-9]{43}\b`,
	"figd_":   `[\w-]{40}`,
	"sntrys_": `[\w=+/]{30}`, "sntryu_": `[0-9a-f]{64}`, "glsa_": `\w{32}`, "glc_": `[\w=+/]{32}`, "NRAK-": `[0-9A-Z]{27}`,
	"NRII-": `[\w-]{32}`,
	// Models
	"sk-": `[\w-]{20}`, "hf_": `[A-Za-z]{34}`, "gsk_": `\w{40}`, "r8_": `\w{30}`, "xai-": `\w{60}`, "pplx-": `\w{40}`,
	"lsv2_": `[a-z]{2}_[0-9a-f]{32}_[0-9a-f]{10}`, "pcsk_": `\w{50}`, "tvly-": `[\w-]{32}`, "nvapi-": `[\w-]{60}`, "jina_": `[A-Za-z0-9]{60}`,
	"e2b_": `[0-9a-f]{40}`, "csk-": `[a-z0-9]{40}`, "fw_": `[A-Za-z0-9]{22}`, "sk_": `[0-9a-f]{48}`,
	// Money, mail, messages
	"sk_live_": `\w{16}`, "sk_test_": `\w{16}`, "rk_live_": `\w{16}`, "rk_test_": `\w{16}`, "whsec_": `[\w+/=]{24}`, "rzp_live_": `\w{14}`,
	"sq0atp-": `[\w-]{22}`, "sq0csp-": `[\w-]{43}`, "EAAA": `[\w-]{56}`, "shpat_": `[0-9a-f]{32}`, "shpss_": `[0-9a-f]{32}`,
	"shpca_": `[0-9a-f]{32}`, "shppa_": `[0-9a-f]{32}`, "sk_org_live_": `\w{16}`, "shippo_live_": `[0-9a-f]{40}`,
	"access_token$production$": `\w{16}\$[0-9a-f]{32}`, "FLWSECK-": `[0-9a-f]{32}-X`, "EZAK": `[A-Za-z0-9]{54}`, "phx_": `\w{40}`,
	"pdl_live_apikey_": `\w{22}`, "pdl_sdbx_apikey_": `\w{22}`, "live_": `[A-Za-z0-9]{30}\b`, // Paddle, Mollie
	"access-": `(?:production|development|sandbox)-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}\b`,   // Plaid
	"pat-":    `(?:na|eu|ap)\d-[0-9a-f]{8}-[0-9a-f-]{27}\b`, "sk.eyJ": `[\w-]{8,}\.[\w-]{20}`, // HubSpot, Mapbox
	"SG.": `[\w-]{16,32}\.[\w-]{16,64}`, "key-": `[0-9a-f]{32}\b`, "xkeysib-": `[0-9a-f]{64}`, "re_": `[A-Za-z0-9]{8}_[A-Za-z0-9]{20}`,
	"SK":    `[0-9a-f]{32}\b`,
	"xoxa-": `[\w-]{10}`, "xoxb-": `[\w-]{10}`, "xoxe-": `[\w-]{10}`, "xoxe.": `[\w.-]{10}`, "xoxo-": `[\w-]{10}`, "xoxp-": `[\w-]{10}`,
	"xoxr-": `[\w-]{10}`, "xoxc-": `[\w-]{10}`, "xoxd-": `[\w%+/-]{10}`, "xwfp-": `[\w-]{10}`,
	"xoxs-": `[\w-]{10}`, "xapp-": `\d-[\w-]{10}`, "CFPAT-": `[\w-]{40}`, "sl.": `[\w-]{130}`,
	// Web hooks: anybody with the address may write
	"hooks.slack.com/": `(?:services|workflows|triggers)/\w`, "discord.com/api/webhooks/": `\d+/\w`, "discordapp.com/api/webhooks/": `\d+/\w`,
	"outlook.office.com/webhook/": `\w`, "hooks.zapier.com/hooks/catch/": `\d`, "api.telegram.org/bot": `\d+:`,
	"maker.ifttt.com/trigger/": `.+/key/\w`,
	// Formats
	"eyJ": `[\w-]{8,}\.eyJ[\w-]{2,}\.[\w-]{8,}`, // a JSON web token
	// A private key without the lines around it: RSA in PKCS #8 and #1, curves in PKCS #8 and SEC 1. Public keys begin otherwise.
	"MII": `[A-Za-z0-9+/]{3}(?:IBADANBgkqhkiG9w0BAQEFAASC|IBAAK[BC])`, "MIG": `(?:HAgEAMBMGByqGSM49AgEG|2AgEAMBAGByqGSM49AgEG|kAgEBBD)`,
	"MHcCAQEEI": ``, "MC4CAQAwBQYDK2VwBCIEI": ``,
})

// elsewhereForms lists credentials that are recognized by a text in their middle or at their end.
var elsewhereForms = []secretForm{
	form("PRIVATE KEY", `----[ -]?BEGIN [A-Z0-9 ]*PRIVATE KEY`),
	form(`"private_key"`, `"private_key"\s*:\s*"[^"]`),
	// A private JSON web key, and a line of htpasswd.
	form(`"kty"`, `"d"\s*:\s*"[\w-]{16}|"kty"\s*:\s*"oct"[^}]*"k"\s*:|"k"\s*:[^}]*"kty"\s*:\s*"oct"`),
	form(":$", `^[^\s:]+:\$(?:apr1|2[abxy]|[56])\$`),
	form(":APA91b", `\bAAAA[\w-]{7}:APA91b[\w-]{100}`),                                 // Firebase Cloud Messaging
	form("AZDO", `\b[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}\b`),                              // Azure DevOps
	form("NRAL", `\b[0-9a-f]{36}NRAL\b|\b[0-9a-f]{40}NRAL\b`),                          // New Relic
	form(":fx", `\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}:fx\b`), // DeepL
	form("-", `\b[0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8}\b`),                              // Mailgun
	form("PuTTY-User-Key-File", ``),
	form("Q~", `\b[\w~.]{3}\dQ~[\w~.-]{31,34}`),      // a secret of a Microsoft Entra application
	form(".atlasv1.", `\w{14}\.atlasv1\.[\w=-]{60}`), // HCP Terraform
	form(".webhook.office.com/", `\.webhook\.office\.com/webhookb2/\w`),
	form("-us", `\b[0-9a-f]{32}-us\d{1,2}\b`),                  // Mailchimp
	form(":AA", `\b\d{8,10}:AA[\w-]{33}`),                      // a Telegram bot
	form("chat.googleapis.com/", `[?&]token=[\w%-]`),           // Google Chat
	form("password", `\blogin\s+\S+\s+password\s+[^\s$<{]`),    // .netrc
	form(".", `\b[MNO][\w-]{23,25}\.[\w-]{6}\.[\w-]{27,38}\b`), // a Discord bot
}

// forms indexes forms by their first two bytes.
func forms(all map[string]string) map[[2]byte][]secretForm {
	index := map[[2]byte][]secretForm{}
	for begins, rest := range all {
		key := [2]byte{begins[0], begins[1]}
		index[key] = append(index[key], form(begins, `^`+regexp.QuoteMeta(begins)+rest))
	}
	return index
}

// looksSecret reports whether a value has the form of a secret.
func looksSecret(value string) bool {
	for i := range len(value) - 1 {
		if i > 0 && isWord(value[i-1]) && isWord(value[i]) { // a form begins at the beginning of a word
			continue
		}
		for _, f := range vendorForms[[2]byte{value[i], value[i+1]}] {
			if strings.HasPrefix(value[i:], f.begins) && f.pattern().MatchString(value[i:]) {
				return true
			}
		}
	}
	for _, f := range elsewhereForms {
		common := len(f.begins) == 1 && len(value) < 50 // Most values contain a dot or a dash. These forms are longer.
		if !common && strings.Contains(value, f.begins) && f.pattern().MatchString(value) {
			return true
		}
	}
	return urlHasPassword(value) || userHasPassword(value) || headerHasCredential(value) || assignsSecret(value) ||
		encodesSecret(value) || escapesSecret(value)
}

// escapesSecret reports whether a value that is escaped as in a URL is a secret. Signatures and headers are often written so.
func escapesSecret(value string) bool {
	plain, err := url.PathUnescape(value)
	return err == nil && plain != value && looksSecret(plain)
}

func isWord(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_'
}

// passwordInURL finds the text between the user and the last @ in a URL. A password may contain any character except a space, and
// authors do not always escape it.
var passwordInURL = regexp.MustCompile(`(?i)[a-z][a-z0-9+.-]*://[^:/?#\s@"'<>]*:([^\s"'<>]+)@`)

// port matches a text that looks like a password in a URL and is a port with a path that contains an @.
var port = regexp.MustCompile(`^\d{1,5}(?:/|$)`)

// passwordInDSN finds the password in the data sources of Go's MySQL driver and of Oracle's, which have no scheme before the user.
var passwordInDSN = regexp.MustCompile(`(?:^|[\s"'=])[^\s:/@"']+:([^\s"'@]+)@(?:tcp|unix|udp)\(|:thin:[^\s/@]+/([^\s"'@]+)@`)

func urlHasPassword(value string) bool {
	if !strings.Contains(value, "@") { // much faster than the patterns
		return false
	}
	if strings.Contains(value, "(") || strings.Contains(value, ":thin:") {
		for _, m := range passwordInDSN.FindAllStringSubmatch(value, -1) {
			if !isReference(m[1] + m[2]) {
				return true
			}
		}
	}
	if strings.Contains(value, "://") {
		for _, m := range passwordInURL.FindAllStringSubmatch(value, -1) {
			if password := m[1]; !isReference(password) && !port.MatchString(password) {
				return true
			}
		}
	}
	return false
}

// userOption finds the password in -u USER:PASSWORD and --user=USER:PASSWORD.
var userOption = regexp.MustCompile(`(?:^|\s)(?:-u|--user)[ =]["']?[^\s:/"'$]+:([^\s"'$]+)`)

// userHasPassword reports whether an option names a user with a password. In other commands the second part is a group, which has
// no digit among its letters.
func userHasPassword(value string) bool {
	if !strings.Contains(value, "-u") { // much faster than the pattern
		return false
	}
	m := userOption.FindStringSubmatch(value)
	return m != nil && len(m[1]) >= 6 && strings.ContainsAny(m[1], "0123456789!$%+^#") && !isNumber(m[1])
}

// shellVariable matches $NAME, in the capitals in which variables are written.
var shellVariable = regexp.MustCompile(`^\$[A-Z_][A-Z0-9_]*$`)

// isReference reports whether a value stands for another value: $(NAME) of Cloud Run, ${NAME}, $NAME, or a placeholder.
func isReference(value string) bool {
	for _, mark := range [][2]string{{"$(", ")"}, {"${", "}"}, {"{{", "}}"}, {"<", ">"}, {"%(", ")s"}} {
		if strings.HasPrefix(value, mark[0]) && strings.HasSuffix(value, mark[1]) {
			return true
		}
	}
	return shellVariable.MatchString(value) || len(value) >= 3 && strings.Trim(value, "*x") == "" || value == "REDACTED" || value == "[secret]"
}

// schemesOfHeaders lists the words before a credential in an Authorization header: HTTP's own, and those of vendors.
var schemesOfHeaders = []string{"bearer", "basic", "token", "apikey", "api-key", "ssws", "geniekey", "splunk", "negotiate"}

var authorization = regexp.MustCompile(`(?i)\b(?:` + strings.Join(schemesOfHeaders, "|") + `)\s+([\w+/=.~-]{8,})`)

// headerHasCredential reports whether the value of an Authorization header contains a credential.
func headerHasCredential(value string) bool {
	if !containsFold(value, schemesOfHeaders...) { // much faster than the pattern
		return false
	}
	m := authorization.FindStringSubmatch(value)
	return m != nil && looksRandom(m[1])
}

// assignment finds NAME=VALUE, NAME: VALUE and "NAME":"VALUE" in a text such as a connection string, arguments, a query or a
// document. An option of a command may also be written as --NAME VALUE.
var assignment = regexp.MustCompile(
	`(?:([A-Za-z][A-Za-z0-9_. -]{1,40}?)(["']?)[ \t]*[=:][ \t]*|--([a-z][a-z-]+) )(?:"([^"]+)"|'([^']+)'|([^\s;&,"'{}\[\]]+))`)

func assignsSecret(value string) bool {
	// This is much faster than the pattern: every name that can matter contains one of these words.
	if !containsFold(value, "pass", "pw", "secret", "token", "key", "auth", "cred", "sig", "salt", "hmac", "jwt", "session") {
		return false
	}
	for rest := value; ; {
		at := assignment.FindStringSubmatchIndex(rest)
		if at == nil {
			return false
		}
		group := func(i int) string { return rest[max(0, at[2*i]):max(0, at[2*i+1])] }
		name, given := lastWords(group(1)+group(3)), group(4)+group(5)+group(6)
		if strings.HasPrefix(given, "//") { // the address after a scheme, which may contain assignments itself
			rest = rest[at[12]+len("//"):]
			continue
		}
		// Prose may contain "password: required". An assigned secret has characters that words do not have, or is in a document that
		// quotes both.
		telling := len(given) >= 6 && strings.ContainsAny(given, "0123456789!$%+^#") || len(given) >= 24 ||
			group(2) != "" && group(6) == "" && !strings.EqualFold(name, given)
		computed := strings.HasPrefix(given, "$(") || strings.HasPrefix(given, "${") || strings.HasPrefix(given, "`") // by a shell
		if telling && !computed && isSecret(name, given) {
			return true
		}
		rest = rest[at[1]:]
	}
}

// containsFold reports whether a text contains one of the words, ignoring case. The words are in lower case.
func containsFold(text string, words ...string) bool {
	lower := strings.ToLower(text)
	return slices.ContainsFunc(words, func(word string) bool { return strings.Contains(lower, word) })
}

// lastWords returns the end of a name in a text. The words before it may belong to something else.
func lastWords(name string) string {
	words := strings.Fields(name)
	return strings.Join(words[max(0, len(words)-2):], "_")
}

// encodesSecret decodes base64 and checks the content, up to the first character that is not base64: a secret that is cut off, or that
// something follows, is still a secret.
func encodesSecret(value string) bool {
	if _, data, found := strings.Cut(value, ";base64,"); found { // data:TYPE;base64,DATA
		value = data
	}
	trimmed := strings.TrimRight(strings.TrimSpace(value), "=")
	if len(trimmed) < 24 {
		return false
	}
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		if text, _ := encoding.DecodeString(trimmed); utf8.Valid(text) && looksSecret(string(text)) {
			return true
		}
	}
	return false
}
