package rules

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// These functions decide whether a name and its value together are a secret. A name alone is not enough: MAX_TOKENS is a number,
// and SECRET_NAME is the name of a secret.

// isSecret reports whether the value of a name is a secret. It does not check the value's form; looksSecret does.
func isSecret(name, value string) bool {
	words := nameWords(name)
	promises, hints := promisesSecret(words), hintsSecret(words)
	switch {
	case !promises && !hints, harmlessName(words, value), harmlessValue(value):
		return false
	case promises:
		return !(isNumber(value) && (slices.Contains(words, "token") || slices.Contains(words, "tokens")))
	}
	// A list of keys has one after the other, and Laravel writes the encoding before the key.
	return slices.ContainsFunc(strings.FieldsFunc(value, func(c rune) bool { return strings.ContainsRune(" ,;", c) }), func(part string) bool {
		return looksRandom(strings.TrimPrefix(part, "base64:"))
	})
}

// secretName reports whether a name shows that its value is a secret, whatever the value. Rules use it for unknown values.
func secretName(name string) bool {
	words := nameWords(name)
	return promisesSecret(words) && !harmlessName(words, "")
}

// nameWords splits a name in any style into words in lower case. dbPassword, DB_PASSWORD and db-password give the same words.
func nameWords(name string) []string {
	var words []string
	var word strings.Builder
	end := func() {
		if word.Len() > 0 {
			words = append(words, word.String())
			word.Reset()
		}
	}
	letters := []rune(name)
	for i, c := range letters {
		if !unicode.IsLetter(c) && !unicode.IsDigit(c) {
			end()
			continue
		}
		if unicode.IsUpper(c) && i > 0 && (unicode.IsLower(letters[i-1]) || i+1 < len(letters) && unicode.IsLower(letters[i+1]) &&
			unicode.IsUpper(letters[i-1])) {
			end()
		}
		word.WriteRune(unicode.ToLower(c))
	}
	end()
	return words
}

// promising lists words that mean a secret anywhere in a name. An entry with a space means two words in a row.
var promising = []string{
	"secret", "secrets", "token", "tokens", "password", "passwords", "passwd", "passphrase", "passcode", "credential", "credentials",
	"api key", "api keys", "private key", "access key", "signing key", "encryption key", "secret key", "master key", "service key",
	"account key", "connection string",
	"apikey", "privatekey", "accesskey", "secretkey", "signingkey", "encryptionkey", "accountkey", "connectionstring", "apitoken",
	"authtoken", "accesstoken", "clientsecret",
	"dbpass", "pgpass", "pass word", "jwt key", "conn str", "sasl password", "requirepass", "htpasswd", "basic auth",
	"mnemonic", "seed phrase",
	"senha", "contrasena", "passwort", "kennwort", "wachtwoord", // "password" in other languages
}

// promisingEnds lists endings that mean a secret in words written together, such as ADMINPASSWORD and APPSECRET.
var promisingEnds = []string{"password", "passwd", "passphrase", "secret", "token", "apikey", "masterkey", "privatekey", "connstr"}

// promisingLast lists words that mean a secret only at the end of a name. Inside a name they mean other things.
var promisingLast = []string{"pass", "pwd", "dbpwd", "pw", "psk", "creds"}

// addresses lists names whose value is a secret if it contains a password or is not an address.
var addresses = []string{"databaseurl", "databaseuri", "mongodburi", "mongodburl", "mongouri", "mongourl", "redisurl", "postgresurl",
	"dburl"}

func promisesSecret(words []string) bool {
	plain := make([]string, len(words)) // without the numbers of password2
	for i, word := range words {
		plain[i] = strings.TrimRight(word, "0123456789")
	}
	for len(plain) > 1 && plain[len(plain)-1] == "" { // the 2 of DB_PASS_2
		plain = plain[:len(plain)-1]
	}
	joined := " " + strings.Join(plain, " ") + " "
	if isAddress(words) || slices.ContainsFunc(promising, func(word string) bool { return strings.Contains(joined, " "+word+" ") }) {
		return true
	}
	ends := func(word string) bool {
		return slices.ContainsFunc(promisingEnds, func(end string) bool { return strings.HasSuffix(word, end) })
	}
	return slices.ContainsFunc(plain, ends) || len(plain) > 0 && slices.Contains(promisingLast, plain[len(plain)-1])
}

func isAddress(words []string) bool {
	name := strings.Join(words, "")
	return slices.ContainsFunc(addresses, func(address string) bool { return strings.HasSuffix(name, address) })
}

var (
	// hinting lists words in names whose value is a secret if it looks random.
	hinting = []string{"key", "keys", "auth", "authorization", "bearer", "signature", "sig", "salt", "pepper", "hmac", "cookie",
		"session", "jwt", "pem", "dsn",
		"seed", "otp", "totp", "license", "webhook", "cert", "pin", "nonce", "pat"}
	// openly lists words next to "key" that show that it is not a secret: it is public, or the name of something stored.
	openly = []string{"public", "pub", "publishable", "publishing", "cache", "partition", "sort", "primary", "foreign", "site", "row",
		"routing", "object",
		"idempotency", "dedupe", "kms", "storage", "bucket", "index", "hash", "fingerprint", "id", "name", "version", "prefix", "sha", "commit"}
)

func hintsSecret(words []string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return slices.Contains(hinting, w) }) &&
		!slices.ContainsFunc(words, func(w string) bool { return slices.Contains(openly, w) })
}

var (
	// about lists last words of names that describe a secret rather than contain it.
	about = []string{
		"url", "uri", "urls", "endpoint", "endpoints", "host", "hostname", "server", "domain", "port", "issuer", "audience", "scope",
		"scopes", "realm",
		"name", "names", "id", "ids", "arn", "ref", "version", "path", "paths", "file", "files", "filename", "dir", "directory", "folder",
		"location", "mount",
		"ttl", "expiry", "expires", "expiration", "lifetime", "timeout", "interval", "age", "days", "hours", "minutes", "seconds", "secs",
		"ms", "duration", "period",
		"header", "headers", "cookie", "field", "param", "parameter", "prefix", "suffix", "format", "type", "kind", "mode", "algorithm",
		"alg", "encoding", "provider",
		"project", "region", "zone", "enabled", "disabled", "required", "optional", "allowed", "policy", "strategy", "rotation",
		"backend", "store", "manager", "engine",
		"limit", "limits", "length", "len", "size", "count", "max", "min", "budget", "usage", "rate", "regex", "pattern", "label",
		"key name", "hint", "status", "level",
		"rule", "rules", "requirements", "encryption", "hashing",
		"validation", "verification", "complexity", "history", "reuse", "lock", "reset", "rounds", "factor",
		"iterations", "attempts", "retries",
		"bucket", "cache", "source", "use", "helper", "permissions", "alias", "symbol", "template", "checksum", "digest", "environment",
		"parallelism", "window", "quota", "cost", "price", "address", "model", "driver", "class", "namespace", "group", "role", "user",
		"username", "email", "in", "after", "every", "method", "methods", "hasher", "hashers", "validator", "validators", "generator",
		"handler", "middleware", "guard", "filter", "adapter", "plugin", "service", "strength", "charset", "alphabet", "dummy",
		"table", "tables", "column", "columns", "collection", "queue", "topic", "channel", "schema",
		"lifespan", "leeway", "skew", "tolerance", "threshold", "delay", "grace", "capacity", "burst",
		"page", "route", "form", "link", "title", "placeholder", "description", "currency", "decimals", "chain", "standard", "contract",
	}
	// counted lists words that make "tokens" a number.
	counted = []string{"max", "min", "num", "number", "count", "limit", "total"}
)

// harmlessName reports whether a name describes a secret rather than contains it. A random id of a secret still counts as a
// secret.
func harmlessName(words []string, value string) bool {
	if slices.Contains(counted, words[0]) || slices.Contains(words, "tokens") &&
		slices.ContainsFunc(words, func(w string) bool { return slices.Contains(counted, w) }) {
		return true
	}
	if strings.HasSuffix(strings.Join(words, " "), "secret id") && looksRandom(value) {
		return false
	}
	if isAddress(words) {
		return false // the value decides
	}
	return slices.Contains(about, words[len(words)-1])
}

var (
	boolean = regexp.MustCompile(`(?i)^(?:true|false|yes|no|on|off|none|null|nil|enabled|disabled|default|required|optional|auto|omit|include|same-origin)$`)
	// windowsPath matches a path on a drive, on a share, or below a variable, in the characters that Windows allows in paths.
	windowsPath = regexp.MustCompile(`(?i)^(?:[a-z]:[\\/]|\\\\[\w.$-]+\\|%\w+%\\)[^:*?"<>|]*$`)
	// place matches a path, an address without a password, or the name of something in Google Cloud.
	place = regexp.MustCompile(`(?i)^(?:\.{0,2}/[\w./@+-]*|~/.*|[a-z][a-z0-9+.-]*:(?://)?[^\s]*|projects/[\w./:-]+|[\w-]+(?:\.[\w-]+)+(?::\d+)?|[\w-]+(?:/[\w.-]+)+)$`)
	// schemes lists the beginnings of addresses.
	schemes = []string{"http", "https", "file", "postgres", "postgresql", "mysql", "mongodb", "mongodb+srv", "redis", "rediss", "amqp",
		"amqps", "sqlite", "sqlserver",
		"grpc", "tcp", "unix", "gs", "s3", "sm", "gsm", "vault", "berglas", "secret", "ref+gcpsecrets", "jdbc", "libsql", "nats", "kafka",
		"ldap", "ldaps", "smtp", "smtps", "ws", "wss", "kv"}
	// published matches what is made to be published: certificates, public keys, also in base64, and the keys of vendors for browsers.
	published = regexp.MustCompile(`^(?:-----BEGIN (?:CERTIFICATE|(?:[A-Z]+ )?PUBLIC KEY)|LS0tLS1CRUdJTiB(?:DRVJUSUZJQ0FUR|QVUJMSUMgS0VZ)|` +
		`(?:[\w.-]+:)?(?:ssh|ecdsa|sk-ssh|sk-ecdsa)-[\w.@-]+ AAAA|pk_(?:live|test)_|phc_|pk\.eyJ|sb_publishable_)`)
	headerName = regexp.MustCompile(`^(?:X-|x-)[A-Za-z0-9-]+$|^[A-Z][a-z]+(?:-[A-Z][A-Za-z]+)+$`)
)

// harmlessValue reports whether a value cannot be a secret, whatever its name.
func harmlessValue(value string) bool {
	value = strings.TrimSpace(value)
	switch {
	case value == "", boolean.MatchString(value), isReference(value), headerName.MatchString(value), windowsPath.MatchString(value),
		published.MatchString(value):
		return true
	case looksRandom(value) && !strings.ContainsAny(value, "/:"):
		return false
	case !place.MatchString(value):
		return false
	}
	if scheme, rest, found := strings.Cut(value, ":"); found && !strings.ContainsAny(scheme, "/.") {
		// A value with a colon is an address only if it begins like one, because a password may contain a colon.
		// postgresql+asyncpg names a driver as well.
		return rest != "" && slices.ContainsFunc(strings.Split(strings.ToLower(scheme), "+"),
			func(part string) bool { return slices.Contains(schemes, part) })
	}
	if value[0] != '/' && mixedCase.MatchString(value) && !strings.Contains(value, ".") {
		return false // base64 contains slashes as well
	}
	return true
}

// mixedCase matches a long text with a digit and with letters in both cases.
var mixedCase = regexp.MustCompile(`^[\w/+=-]*(?:[a-z][\w/+=-]*[A-Z][\w/+=-]*\d|\d[\w/+=-]*[a-z][\w/+=-]*[A-Z]|[a-z][\w/+=-]*\d[\w/+=-]*[A-Z]|[A-Z][\w/+=-]*\d[\w/+=-]*[a-z])[\w/+=-]{12,}$`)

func isNumber(value string) bool {
	_, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	return err == nil
}

// random matches a long text of the characters that keys consist of, without spaces.
var random = regexp.MustCompile(`^[A-Za-z0-9+/=_.~-]{16,}$`)

// looksRandom reports whether a value looks generated: it is long, mixes letters and digits, and has as many different characters
// as generated keys have.
func looksRandom(value string) bool {
	value = strings.TrimSpace(value)
	if !random.MatchString(value) || strings.HasPrefix(value, "/") || !strings.ContainsAny(value, "0123456789") {
		return false
	}
	if strings.IndexFunc(value, unicode.IsLetter) < 0 {
		return false
	}
	counts := map[rune]int{}
	for _, c := range value {
		counts[c]++
	}
	bits := 0.0
	for _, n := range counts {
		p := float64(n) / float64(len(value))
		bits -= p * math.Log2(p)
	}
	// Words joined by hyphens or slashes are a name unless one of the words looks random.
	for _, part := range strings.FieldsFunc(value, func(c rune) bool { return c == '-' || c == '/' || c == '.' || c == '_' }) {
		if len(part) >= 8 && strings.ContainsAny(part, "0123456789") && strings.IndexFunc(part, unicode.IsLetter) >= 0 {
			return bits >= 3
		}
	}
	return false
}
