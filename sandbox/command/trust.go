package command

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/guiofsaints/procureflow-platform/internal/cli"
	"github.com/guiofsaints/procureflow-platform/sandbox/trust"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

func (a *app) trust() *cobra.Command {
	var claimsFile string
	var asJSON bool
	command := &cobra.Command{
		Use: "trust STACK --claims FILE", Short: "Say which accounts a token of GitHub Actions with these claims can act as in the stack",
		Args: stackArgument,
		Long: "Say which accounts a token of GitHub Actions with these claims can act as in the stack, and what it could do then.\n\n" +
			"FILE holds the token's claims, its decoded middle part, as a JSON object; - is standard input. Signature and expiry are not\n" +
			"checked. The command starts nothing, and its exit code does not depend on the answer.",
		RunE: func(_ *cobra.Command, args []string) error {
			claims, err := a.readClaims(claimsFile)
			if err != nil {
				return cli.Blame(err)
			}
			folder, err := a.folder()
			if err != nil {
				return err
			}
			document, err := settingsOf(folder, args[0])
			if err != nil {
				return err
			}
			deployed, err := trust.Deploy(a.program(folder), folder, args[0], document)
			if err != nil {
				return err
			}
			simulator, err := trust.New(deployed)
			if err != nil {
				return err
			}
			answer := simulator.Exchange(claims)
			if asJSON {
				return a.streams.JSON(answer)
			}
			printTrust(a.streams.Out, args[0], answer)
			return nil
		},
	}
	command.Flags().StringVar(&claimsFile, "claims", "", "file with the token's claims as a JSON object; - is standard input (required)")
	command.Flags().BoolVar(&asJSON, "json", false, "print the answer as JSON")
	return command
}

// maxClaims bounds the claims' size, far above any real token.
const maxClaims = 1 << 20

// readClaims reads one JSON object. Its errors never quote the content, because somebody may have pasted a whole token,
// which is a credential.
func (a *app) readClaims(name string) (map[string]any, error) {
	if name == "" {
		return nil, errors.New("--claims is missing: name a file with the token's claims as a JSON object, or - for standard input")
	}
	in := a.streams.In
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("read the claims: %w", err)
		}
		defer file.Close()
		in = file
	}
	data, err := io.ReadAll(io.LimitReader(in, maxClaims+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the claims: %w", err)
	case len(data) > maxClaims:
		return nil, fmt.Errorf("the claims in %s are larger than 1 MiB, which no token is: give the decoded claims of one token", name)
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	var claims map[string]any
	if err := decoder.Decode(&claims); err != nil || claims == nil {
		return nil, fmt.Errorf("the claims in %s are not a JSON object: write the token's decoded middle part, {\"iss\": …}", name)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("the claims in %s have text after the JSON object: remove it", name)
	}
	if twice := repeated(json.NewDecoder(bytes.NewReader(data))); twice != "" {
		return nil, fmt.Errorf("the claims in %s have %q twice, and readers may take either one: remove one", name, twice)
	}
	return claims, nil
}

// repeated returns a name that occurs twice in an object of the next value, or "" if no name does. The value has to be
// valid JSON.
func repeated(decoder *json.Decoder) string {
	opening, _ := decoder.Token()
	names := map[json.Token]bool{}
	for (opening == json.Delim('{') || opening == json.Delim('[')) && decoder.More() {
		if opening == json.Delim('{') {
			name, _ := decoder.Token()
			if names[name] {
				return name.(string)
			}
			names[name] = true
		}
		if twice := repeated(decoder); twice != "" {
			return twice
		}
	}
	if opening == json.Delim('{') || opening == json.Delim('[') {
		_, _ = decoder.Token() // The closing bracket.
	}
	return ""
}

// settingsOf returns a stack's committed settings as JSON, with each stand-in replaced by its value.
func settingsOf(folder, stack string) ([]byte, error) {
	if names := stacks.Names(folder); !slices.Contains(names, stack) {
		return nil, cli.Blame(fmt.Errorf("there is no stack %q: Pulumi.%s.yaml does not exist; stacks are %s", stack, stack,
			strings.Join(names, ", ")))
	}
	document, err := stacks.Filled(folder, stack)
	if err != nil {
		return nil, cli.Blame(err)
	}
	return document, nil
}

func printTrust(out io.Writer, stack string, answer trust.Answer) {
	verdict := "refused by"
	if answer.Accepted {
		verdict = "accepted by"
	}
	fmt.Fprintf(out, "The token is %s stack %s:\n", verdict, stack)
	for _, verdict := range answer.Verdicts {
		fmt.Fprintf(out, "  %s: %s\n", verdict.Provider, verdict.Reason)
	}
	for _, identity := range answer.Identities {
		account := identity.Account
		if account == "" {
			account = "itself, without an account"
		}
		fmt.Fprintf(out, "\nIt can become %s\n  through %s, as %s\n", account, identity.Provider, identity.Member)
		for _, grant := range identity.Grants {
			fmt.Fprintf(out, "  %s on %s", grant.Role, grant.Scope)
			if grant.Condition != "" {
				fmt.Fprintf(out, " if %s", grant.Condition)
			}
			if grant.Reason != "" {
				fmt.Fprintf(out, ": %s", grant.Reason)
			}
			fmt.Fprintln(out)
		}
	}
}
