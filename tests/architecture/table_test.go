package architecture_test

// layer says what the packages that match a pattern may import, and why not more. A pattern is a path inside the repository; /** at
// the end matches the folder and everything below it. The first layer that matches a package applies, so narrow patterns come first.
// The standard library and other modules are allowed unless a ban below forbids them.
type layer struct {
	packages string
	may      []string
	// mayInTests are further packages that files ending in _test.go may import.
	mayInTests []string
	reason     string
}

// everyInTest may be imported by the tests of every package of the main module.
var everyInTest = []string{"internal/golden", "internal/pulumitest", "internal/webpage/webpagetest"}

// everywhere may be imported by every package of the main module, the pure ones included.
var everywhere = []string{"internal/plural"}

// everyAPI are the packages that an emulated API of Google's is made of.
var everyAPI = []string{"emulator/rest", "emulator/rest/schema", "emulator/doc", "emulator/store"}

var layers = []layer{
	{
		packages: "internal/naming",
		reason:   "naming is text that everybody agrees on: whatever it imported, everybody would",
	},
	{
		packages: "internal/limits",
		reason:   "a platform's facts hold whoever asks",
	},
	{
		packages: "internal/problems",
		reason:   "how mistakes are collected is the same everywhere, whatever they are",
	},
	{
		packages: "internal/plural",
		reason:   "how a number is written with its noun is the same everywhere",
	},
	{
		packages: "internal/container",
		may:      []string{"internal/limits", "internal/problems"},
		reason:   "what services and jobs have in common must not know either",
	},
	{
		packages: "internal/golden",
		reason:   "a text is compared with the recorded one in the same way, whatever it says",
	},
	{
		packages: "internal/pulumiopt",
		reason:   "every component stands on it, so it stands on nothing",
	},
	{
		packages: "internal/pulumitest",
		reason:   "a test bed that knew a component would have to change with it",
	},
	{
		packages: "internal/webpage/**",
		may:      []string{"internal/webpage"},
		reason:   "how a page looks is nobody's but its own: it knows no release and no sandbox",
	},
	{
		packages: "internal/mutation",
		may:      []string{"internal/cli"},
		reason:   "it reads packages as text and runs their tests",
	},
	{
		packages: "internal/check",
		may:      []string{"sandbox/pulumicli", "scaffold", "internal/cli"},
		reason: "the policy pack's tests, in a module of their own, need the pinned CLI; an application's settings are held to what " +
			"init writes",
	},
	{
		packages: "internal/bench",
		may:      []string{"internal/cli"},
		reason:   "it measures the commands as anybody starts them",
	},
	{
		packages: "internal/**",
		reason:   "what several packages need must not need them",
	},
	{
		packages: "components/*",
		may:      []string{"internal/limits", "internal/naming", "internal/problems", "internal/container", "internal/pulumiopt"},
		reason:   "a component is of use outside of this program: it takes outputs, not other components, settings or the program",
	},
	{
		packages: "stacks",
		may:      []string{"internal/limits", "internal/naming"},
		reason:   "settings are read before anything is made, and by tools that make nothing",
	},
	{
		packages: "stacks/adopter",
		reason:   "whose application it is has to be known before anything of it is read",
	},
	{
		packages: "infra/program",
		may:      []string{"stacks", "stacks/adopter", "components/*", "internal/limits", "internal/naming", "internal/pulumiopt"},
		// What the accounts that it makes may do is told from the resources that it registers.
		mayInTests: []string{"firstrun/permissions", "sandbox/authority", "sandbox/inventory"},
		reason:     "the program has one mode: it must not be able to know the sandbox or a release",
	},
	{
		packages: "infra",
		may:      []string{"infra/program"},
		reason:   "main starts the program and is nothing else",
	},
	{
		packages: "policy/**",
		may:      []string{"policy/**"},
		reason:   "rules that shared code with the components would share their mistakes, and only this folder is published",
	},
	{
		packages: "release/plan",
		reason:   "a plan is decided from values: it is pure, so that it can be tested completely",
	},
	{
		packages: "release/health",
		reason:   "health is judged from values: it is pure, so that it can be tested completely",
	},
	{
		packages: "release/hooks",
		may:      []string{"internal/problems"},
		reason:   "which execution counts is decided from values: it is pure, so that it can be tested completely",
	},
	{
		packages: "release/windows",
		may:      []string{"internal/problems"},
		reason:   "when a release may start is decided from a time: it is pure, so that it can be tested completely",
	},
	{
		packages: "release/notify",
		may:      []string{"internal/problems", "internal/wait"},
		reason:   "who tells people decides nothing, and knows of a release what its message says",
	},
	{
		packages:   "release/rollout",
		may:        []string{"release/plan", "release/health", "release/hooks", "release/windows", "internal/problems"},
		mayInTests: []string{"emulator/**", "sandbox/**", "release/gcp"}, // the simulation also runs through the adapter
		reason:     "orchestration defines the ports it needs: importing an adapter would tie it to one cloud",
	},
	{
		packages:   "release/registry/**",
		may:        []string{"release/plan", "release/health", "release/rollout", "release/registry/**", "internal/wait"},
		mayInTests: []string{"emulator/**", "sandbox/**"},
		reason:     "an adapter implements ports and knows no other adapter",
	},
	{
		packages:   "release/command",
		may:        []string{"release/**", "stacks", "stacks/adopter", "internal/naming", "internal/cli", "internal/webpage"},
		mayInTests: []string{"emulator/**", "sandbox/**"},
		reason:     "the command line is where orchestration meets its adapters; it knows neither the program nor the sandbox",
	},
	{
		packages: "release/images",
		may:      []string{"release/attest", "release/command", "release/registry/**", "internal/cli"},
		reason:   "it is the part of the command line that knows registries and signatures",
	},
	{
		packages: "release/attest",
		may:      []string{"release/gcp"},
		reason:   "it signs what it is told to: whether the provenance was verified is the command's to know, by the registry's code",
	},
	{
		packages: "release/approvals",
		may:      []string{"internal/wait"},
		reason:   "who approved is decided from GitHub's answers alone, before any credential of a cloud exists",
	},
	{
		packages: "release/report",
		may:      []string{"release/plan", "release/health", "release/rollout", "internal/webpage"},
		reason:   "a page is made from the journal's values: it reads no file and asks nobody",
	},
	{
		packages: "release/preview",
		may:      []string{"release/rollout"},
		reason:   "which pull request gets which slot is decided from values, and its port is its own",
	},
	{
		packages: "release/probe",
		may:      []string{"release/health", "release/rollout"},
		reason:   "it asks as a visitor does, who has no client of a cloud",
	},
	{
		packages: "release/watch",
		may:      []string{"release/plan", "release/health", "release/rollout", "release/report", "internal/webpage"},
		reason:   "what a release does is decided from what the service and the journal say: it asks neither",
	},
	{
		packages:   "release/backtest",
		may:        []string{"release/plan", "release/health", "release/rollout"},
		mayInTests: []string{"release/settings"},
		reason:     "a policy is tried on values and a virtual clock: it knows no adapter",
	},
	{
		packages: "release/gcp",
		may: []string{"release/plan", "release/health", "release/hooks", "release/rollout", "release/preview", "release/probe",
			"internal/naming", "internal/wait"},
		mayInTests: []string{"emulator/**", "sandbox/**"},
		reason:     "an adapter implements ports and knows no other adapter; it makes the tokens of probes, and marks slots as the program does",
	},
	{
		packages: "release/*",
		may: []string{"release/plan", "release/health", "release/hooks", "release/windows", "release/notify", "release/rollout",
			"internal/problems", "internal/wait"},
		mayInTests: []string{"emulator/**", "sandbox/**"},
		reason:     "a package next to the orchestration knows its ports and no adapter",
	},
	{
		packages: "firstrun/permissions",
		reason:   "what Google's roles hold is a fact of its own, which tests hold the program against",
	},
	{
		packages: "firstrun/preflight",
		may:      []string{"firstrun/permissions", "stacks"},
		reason:   "a check before the first run must not be able to start it",
	},
	{
		packages:   "firstrun/adopt",
		mayInTests: []string{"emulator/**"},
		reason:     "what exists is found through the APIs, on the real cloud and on the emulated one",
	},
	{
		packages:   "firstrun/command",
		may:        []string{"firstrun/*", "stacks", "internal/cli"},
		mayInTests: []string{"emulator/**"},
		reason:     "it reads settings, a plan and a cloud, and can change none of them",
	},
	{
		packages: "cmd/firstrun",
		may:      []string{"firstrun/command", "internal/cli"},
		reason:   "main starts the command and is nothing else",
	},
	{
		packages: "emulator/doc",
		reason:   "every API reads and changes documents by it: what it knew of one, all would",
	},
	{
		packages: "emulator/ids",
		reason:   "what the APIs choose by chance depends on nothing but the source of chance",
	},
	{
		packages: "emulator/disturb",
		reason:   "the faults and the APIs that they strike meet here, and know nothing of each other",
	},
	{
		packages: "emulator/metrics",
		reason:   "the data plane counts and Cloud Monitoring reads: the counter knows neither",
	},
	{
		packages: "emulator/store",
		reason:   "it keeps documents, whatever is in them",
	},
	{
		packages: "emulator/rest/schema",
		reason:   "the messages of the APIs are data",
	},
	{
		packages:   "emulator/rest",
		may:        []string{"emulator/rest/schema", "emulator/doc", "emulator/ids", "emulator/disturb", "emulator/store"},
		mayInTests: []string{"emulator/**"},
		reason:     "what Google's APIs have in common knows none of them: an API gives it kinds with hooks",
	},
	{
		packages:   "emulator/google/*/*",
		may:        []string{"emulator/doc"},
		mayInTests: []string{"emulator/rest/schema"},
		reason:     "a translation or a verdict is a function of documents, and tested as one",
	},
	{
		packages:   "emulator/google/run",
		may:        append([]string{"emulator/google/run/knative", "emulator/disturb"}, everyAPI...),
		mayInTests: []string{"emulator/**"},
		reason:     "what Cloud Run asks other APIs is passed to it, so that each can be read alone",
	},
	{
		packages:   "emulator/google/binaryauthorization",
		may:        append([]string{"emulator/google/binaryauthorization/admission"}, everyAPI...),
		mayInTests: []string{"emulator/**"},
		reason:     "the notes that attestors stand on are passed to it, so that each API can be read alone",
	},
	{
		packages:   "emulator/google/monitoring",
		may:        append([]string{"emulator/metrics"}, everyAPI...),
		mayInTests: []string{"emulator/**"},
		reason:     "it reads what was counted, whoever counts",
	},
	{
		packages:   "emulator/google/*",
		may:        everyAPI,
		mayInTests: []string{"emulator/**"},
		reason:     "an API knows no other API: what it asks one is passed to it by emulator/cloud, so that each can be read alone",
	},
	{
		packages:   "emulator/github",
		may:        []string{"emulator/doc", "emulator/ids", "emulator/store"},
		mayInTests: []string{"emulator/**"},
		reason:     "GitHub is none of Google's APIs",
	},
	{
		packages: "emulator/command",
		may:      []string{"emulator/**", "internal/cli"},
		reason:   "of this platform it knows how a command line looks, and nothing else",
	},
	{
		packages: "emulator/**",
		may:      []string{"emulator/**", "internal/wait"},
		reason:   "the emulated APIs judge the program and its components: they share none of their code and know no platform",
	},
	{
		packages: "sandbox/command",
		may: []string{"emulator/**", "sandbox/**", "stacks", "internal/naming", "internal/cli", "internal/wait", "firstrun/adopt",
			"release/command"},
		reason: "the command line runs the adoption and the demonstration's releases against the emulated cloud",
	},
	{
		packages: "sandbox/authority",
		may:      []string{"firstrun/permissions", "sandbox/**", "stacks"},
		reason:   "what roles hold and where permissions lead is a fact of its own, which the tests hold the program against too",
	},
	{
		packages: "sandbox/rehearse",
		may: []string{"emulator/**", "sandbox/**", "stacks", "internal/naming", "release/rollout", "release/plan", "release/gcp",
			"release/probe", "release/settings"},
		reason: "a rehearsed release is decided by the controller itself, and by the stack's own policy",
	},
	{
		packages: "sandbox/review/command",
		may:      []string{"sandbox/review", "internal/cli"},
		reason:   "it runs where a comment may be written: the less there is, the better",
	},
	{
		packages: "sandbox/review",
		may:      []string{"sandbox/cost"},
		reason:   "the job that may write a comment compiles this and little else",
	},
	{
		packages: "sandbox/golang",
		may:      []string{"internal/cli"},
		reason:   "the language host knows no program and no cloud",
	},
	{
		packages: "sandbox/console",
		may:      []string{"emulator/**", "sandbox/statedir", "internal/webpage"},
		reason:   "the page shows what the emulated cloud and the state folder hold: it runs no engine and no release",
	},
	{
		packages: "sandbox/**",
		may: []string{"emulator/**", "sandbox/**", "stacks", "stacks/adopter", "internal/naming", "internal/webpage",
			"internal/wait"},
		reason: "the emulated cloud judges the program and the components, so it must not share their code",
	},
	{
		packages: "cmd/sandbox",
		may:      []string{"emulator/**", "sandbox/**", "infra/program", "internal/cli"},
		reason:   "the one place where the program meets the emulated cloud",
	},
	{
		packages: "cmd/review-comment",
		may:      []string{"sandbox/review/command", "internal/cli"},
		reason:   "a main starts its package",
	},
	{
		packages: "cmd/emulator",
		may:      []string{"emulator/command", "internal/cli"},
		reason:   "the emulated APIs stand alone: a stranger's client needs nothing of this platform",
	},
	{
		packages:   "cmd/release",
		may:        []string{"release/**", "stacks", "stacks/adopter", "internal/naming", "internal/cli", "internal/webpage"},
		mayInTests: []string{"emulator/**", "sandbox/**"},
		reason:     "a rollback needs neither the program nor its state",
	},
	{
		packages: "examples/*",
		may:      []string{"components/*"},
		reason:   "they are what somebody else's repository would have",
	},
	{
		packages: "cmd/mutate",
		may:      []string{"internal/mutation", "internal/cli"},
		reason:   "a main starts its package",
	},
	{
		packages: "cmd/bench",
		may:      []string{"internal/bench", "internal/cli"},
		reason:   "a main starts its package",
	},
	{
		packages: "cmd/check",
		may:      []string{"internal/check", "internal/cli"},
		reason:   "a main starts its package",
	},
	{
		packages: "scaffold",
		may: []string{"", "stacks", "stacks/adopter", "release/settings", "internal/naming", "internal/cli",
			"internal/problems"},
		reason: "what an application's files have to be is known without a cloud, an engine or the sandbox",
	},
	{
		packages: "cmd/init",
		may:      []string{"scaffold", "internal/cli"},
		reason:   "it writes files and starts nothing",
	},
	{
		packages: "",
		reason:   "it holds files that cmd/init writes",
	},
	{
		packages: "cmd/pulumi-language-go",
		may:      []string{"sandbox/golang", "internal/cli"},
		reason:   "a main starts its package",
	},
	{
		packages: "cmd/**",
		reason:   "a main wires what is named for it here: add a row with what it needs",
	},
	{
		packages: "tests/**",
		may:      []string{"**"},
		reason:   "tests here are about what crosses packages",
	},
}

// ban forbids packages to import other modules. A prefix of "" means every module but the standard library.
type ban struct {
	packages string
	except   []string
	prefixes []string
	// tests says that the ban holds for tests as well.
	tests  bool
	reason string
}

const pulumiModules = "github.com/pulumi/"

var bans = []ban{
	{
		packages: "release/plan", prefixes: []string{""},
		reason: "pure decisions need the standard library only",
	},
	{
		packages: "release/health", prefixes: []string{""},
		reason: "pure decisions need the standard library only",
	},
	{
		packages: "internal/naming", prefixes: []string{""},
		reason: "naming is pure text",
	},
	{
		packages: "internal/limits", prefixes: []string{""},
		reason: "numbers and forms need the standard library only",
	},
	{
		packages: "release/probe", prefixes: []string{""},
		reason: "it is concurrent: its tests have the race detector, for which all that it imports is compiled once more",
	},
	{
		packages: "release/watch", prefixes: []string{""},
		reason: "it is concurrent: its tests have the race detector, for which all that it imports is compiled once more",
	},
	{
		packages: "release/registry", prefixes: []string{"github.com/sigstore"}, tests: true,
		reason: "it is concurrent, as release/probe is, and what Sigstore's client takes to compile is for package provenance alone",
	},
	{
		packages: "release/**", except: []string{"release/gcp", "release/attest", "release/registry/**"},
		prefixes: []string{"google.golang.org/api", "cloud.google.com/go", "github.com/google/go-containerregistry", "github.com/sigstore"},
		reason:   "only the adapters know a client of a cloud or a registry",
	},
	{
		packages: "release/**", prefixes: []string{pulumiModules},
		reason: "a rollback must not need Pulumi: not its state, not its lock, not its plugins",
	},
	{
		packages: "cmd/release", prefixes: []string{pulumiModules},
		reason: "a rollback must not need Pulumi: not its state, not its lock, not its plugins",
	},
	{
		packages: "policy/**", prefixes: []string{"github.com/pulumi/pulumi-gcp", "github.com/pulumi/pulumi-github"}, tests: true,
		reason: "rules judge what the engine sees, not what an SDK's types can say",
	},
	{
		packages: "components/*", prefixes: []string{"google.golang.org/api", "cloud.google.com/go"},
		reason: "a component declares: whatever calls an API by itself does so in previews too",
	},
	{
		packages: "infra/**", prefixes: []string{"google.golang.org/api", "cloud.google.com/go"},
		reason: "the program declares: whatever calls an API by itself does so in previews too",
	},
}
