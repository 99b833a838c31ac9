// Package docs generates the page about a policy pack from the pack itself, so that the two always agree.
package docs

import (
	"fmt"
	"strings"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

// Markdown writes the page about a pack. configs are the enforcement configurations that the page compares, in order.
func Markdown(pack crossguard.Pack, configs []Config) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Policies\n\nGenerated from the code by `go run ./cmd/docs` in `policy/`: do not edit.\n\n%s\n\n", pack.Description)
	b.WriteString("The level says what a violation does: `advisory` warns, `mandatory` stops the update, `remediate` corrects the resource\n" +
		"where that is possible, and `disabled` switches the policy off.\n\n" +
		"Every policy also takes `exemptions`, a list of `{resource, reason, expires}`: a resource's name or URN (`*` stands for\n" +
		"any characters), why it is exempt, and the last day of the exemption (YYYY-MM-DD). A violation that is exempt is reported\n" +
		"with the reason. An exemption that has expired, or that no resource needs, is itself a violation.\n")
	if days := int(pack.LongestExemption.Hours() / 24); days > 0 {
		fmt.Fprintf(&b, "Its last day is at most %d days away, and its pattern has at least three letters in a row of the resource's name.\n",
			days)
	}
	if pack.Floor != crossguard.SeverityUnset {
		fmt.Fprintf(&b, "\nA configuration that switches off a mandatory policy of severity %s or above is itself a violation, if the stack\n"+
			"has resources that the policy is about. Exempt those resources instead, or set the level to `advisory`.\n", pack.Floor)
	}
	b.WriteString("\nA stack's configuration is `policy/STACK.json`. Messages name the policy and the option to change in it.\n\n" +
		"A policy about single resources stops `preview` and `up` before a resource is made or changed. A policy about the whole\n" +
		"stack runs when everything else is done, so only `preview` stops in time: preview before each update.\n\n")
	b.WriteString("| policy | severity |")
	for _, c := range configs {
		fmt.Fprintf(&b, " %s |", c.Name)
	}
	b.WriteString(" corrects |\n|---|---|" + strings.Repeat("---|", len(configs)) + "---|\n")
	for _, p := range pack.Policies {
		fmt.Fprintf(&b, "| [%s](#%s) | %s |", p.Name, p.Name, p.Severity)
		for _, c := range configs {
			fmt.Fprintf(&b, " %s |", c.level(pack, p))
		}
		fmt.Fprintf(&b, " %s |\n", map[bool]string{true: "yes"}[p.Remediate != nil])
	}
	for _, p := range pack.Policies {
		b.WriteString(section(p, configs))
	}
	return b.String()
}

func section(p crossguard.Policy, configs []Config) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n## %s\n\n%s\n\n", p.Name, p.Description)
	line := func(name, text string) {
		if text != "" {
			fmt.Fprintf(&b, "* %s: %s\n", name, text)
		}
	}
	line("To comply", p.RemediationSteps)
	line("Reference", reference(p.Framework))
	line("Tags", strings.Join(p.Tags, ", "))
	var kinds []string
	if p.Check != nil {
		kinds = append(kinds, "each resource of")
	}
	if p.CheckStack != nil {
		kinds = append(kinds, "stacks with any of")
	}
	covered := types(p.Types)
	if p.Kind.Name != "" {
		covered = strings.TrimPrefix(covered+", "+p.Kind.Name, ", ")
	}
	line("Checks "+strings.Join(kinds, ", and "), covered)
	if len(p.Options) == 0 {
		return b.String()
	}
	b.WriteString("\n| option | meaning | default |")
	for _, c := range configs {
		fmt.Fprintf(&b, " %s |", c.Name)
	}
	b.WriteString("\n|---|---|---|" + strings.Repeat("---|", len(configs)) + "\n")
	for _, o := range p.Options {
		fmt.Fprintf(&b, "| `%s` | %s | %s |", o.Name, o.Description, value(o.Default))
		for _, c := range configs {
			fmt.Fprintf(&b, " %s |", value(c.Policies[p.Name].Options[o.Name]))
		}
		b.WriteString("\n")
		for _, field := range o.Fields { // the fields of an object; the line above shows the stack's configuration of them
			fmt.Fprintf(&b, "| `%s.%s` | %s | %s |", o.Name, field.Name, field.Description, value(field.Default))
			b.WriteString(strings.Repeat(" |", len(configs)) + "\n")
		}
	}
	return b.String()
}

func reference(f crossguard.Framework) string {
	var parts []string
	for _, part := range []string{f.Name, f.Version, f.Reference} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	text := strings.Join(parts, " ")
	if f.Specification != "" {
		text += " (" + f.Specification + ")"
	}
	return text
}

// types lists type tokens. It groups the dozens of IAM types by family.
func types(all []string) string {
	var texts []string
	seen := map[string]bool{}
	for _, t := range all {
		for _, kind := range []string{"Member", "Binding", "Policy"} {
			if family, found := strings.CutSuffix(t, kind); found && strings.HasSuffix(strings.ToLower(family), "iam") {
				t = family + "{Member,Binding,Policy}"
			}
		}
		_, t, _ = strings.Cut(strings.Replace(t, "/", ":", 1), ":") // gcp:projects/iAMMember:IAMMember → projects:iAMMember:IAMMember
		module, rest, _ := strings.Cut(t, ":")
		_, name, _ := strings.Cut(rest, ":")
		text := "`" + module + "." + name + "`"
		if !seen[text] {
			texts = append(texts, text)
		}
		seen[text] = true
	}
	return strings.Join(texts, ", ")
}

func value(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case []string:
		all := make([]any, len(v))
		for i := range v {
			all[i] = v[i]
		}
		return value(all)
	case []any:
		if len(v) == 0 {
			return "none"
		}
		var texts []string
		for _, one := range v {
			texts = append(texts, fmt.Sprintf("`%v`", one))
		}
		return strings.Join(texts, ", ")
	}
	return fmt.Sprintf("`%v`", v)
}
