package scaffold

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/guiofsaints/procureflow-platform/internal/cli"
)

// question is one value that a person is asked for.
type question struct {
	// flag is the flag for the same value; if it is given, nobody is asked. about begins the messages about a wrong
	// answer.
	flag, about, text string
	// value is the value that Enter accepts.
	value string
	set   func(answer string)
}

// askAll asks for each value that no flag gave, and asks again if an answer cannot be used. It offers the detected
// values.
func (f *flags) askAll(ctx context.Context, streams Streams) error {
	fmt.Fprintln(streams.Out, "Enter accepts the value in brackets. Nothing is written before you have seen all of it.")
	// The questions of a stage depend on the answers of the stage before it.
	for _, stage := range []func() []question{f.whose, f.where, f.ids, f.projectIDs, f.perEnvironment} {
		for _, q := range stage() {
			if f.said(q.flag) {
				continue
			}
			for {
				answer, err := f.read(ctx, streams.Out, q)
				if err != nil {
					return err
				}
				if answer != "" {
					q.set(answer)
				}
				wrong := f.wrong(q)
				if wrong == "" {
					break
				}
				fmt.Fprintln(streams.Out, "  "+wrong)
				q.set(q.value)
			}
		}
	}
	return nil
}

// read returns the trimmed answer.
func (f *flags) read(ctx context.Context, out io.Writer, q question) (string, error) {
	fmt.Fprintf(out, "%s [%s]: ", q.text, q.value)
	line, err := cli.Line(ctx, f.in)
	if ctx.Err() != nil {
		return "", errors.New("interrupted, and nothing was written")
	}
	if err != nil && strings.TrimSpace(line) == "" {
		fmt.Fprintln(out)
		return "", errors.New("the input ended, and nothing was written: answer each question, or give --yes to accept the values in brackets")
	}
	return strings.TrimSpace(line), nil
}

// wrong returns the first problem with this answer. Problems with other answers are left out.
func (f *flags) wrong(q question) string {
	a := f.answers
	a.Services = nil
	for _, one := range f.services {
		key, _, _ := strings.Cut(one, "=")
		a.Services = append(a.Services, a.service(key))
	}
	for _, problem := range a.problems() {
		if strings.HasPrefix(problem, q.about) || strings.HasPrefix(problem, "platform.yaml: yaml: ") {
			return problem
		}
	}
	return ""
}

// text asks for one word.
func text(flag, about, words string, to *string) question {
	return question{flag, about, words, *to, func(answer string) { *to = answer }}
}

// several asks for words with commas between them.
func several(flag, about, words string, to *[]string) question {
	return question{flag, about, words, strings.Join(*to, ","), func(answer string) { *to = split(answer) }}
}

func split(answer string) []string {
	return strings.FieldsFunc(answer, func(r rune) bool { return r == ',' || r == ' ' })
}

func (f *flags) whose() []question {
	a := &f.answers
	return []question{
		text("owner", "platform.yaml: owner ", "The repository's owner on GitHub", &a.Owner),
		text("repository", "platform.yaml: repository ", "The repository's name on GitHub", &a.Repository),
		text("app", "platform.yaml: application ", "The application's name, lower case", &a.App),
		text("team", "platform.yaml: team ", "The owner's team that reviews what deploys; empty for the owner", &a.Team),
		text("branch", "--branch ", "The default branch, which deploys", &a.Branch),
		text("folder", "platform.yaml: folder ", "Folder for the platform's files", &a.Folder),
	}
}

func (f *flags) where() []question {
	a := &f.answers
	return []question{
		text("region", "--region ", "Google Cloud region", &a.Region),
		several("environments", "--environments ", "Environments: dev, or dev,staging, or dev,staging,prod", &a.Environments),
		several("service", "--service ", "Services, KEY or KEY=DOCKERFILE", &f.services),
	}
}

const later = "later"

// unknown asks for a value that only the owner knows. Enter leaves a stand-in, which real commands refuse and the
// sandbox accepts.
func unknown(flag, about, words string, to *string) question {
	return question{flag, about, words, cmp.Or(*to, later), func(answer string) {
		if *to = answer; answer == later {
			*to = ""
		}
	}}
}

func (f *flags) ids() []question {
	a := &f.answers
	return []question{
		unknown("owner-id", "--owner-id ", "Number of "+a.Owner+": gh api users/"+a.Owner+" --jq .id", &a.OwnerID),
		unknown("repository-id", "--repository-id ", "Number of the repository: gh api repos/"+a.Owner+"/"+a.Repository+" --jq .id",
			&a.RepositoryID),
		unknown("billing-account", "--billing-account ", "Billing account: gcloud billing accounts list", &a.BillingAccount),
		text("currency", "--currency ", "Currency of the billing account: "+currencyOf, &a.Currency),
		unknown("alerts", "--alerts ", "E-mail address for alerts", &a.Alerts),
	}
}

func (f *flags) projectIDs() (questions []question) {
	for _, environment := range f.answers.Environments {
		questions = append(questions, question{"project", "--project " + environment + "=", "Project id of " + environment,
			f.answers.project(environment),
			func(answer string) { f.answers.Projects[environment] = answer }})
	}
	return questions
}

func (f *flags) perEnvironment() (questions []question) {
	a := &f.answers
	for _, environment := range a.Environments {
		words := "Project number of " + environment + ": gcloud projects describe " + a.project(environment) + " --format='value(projectNumber)'"
		questions = append(questions, question{"project-number", "--project-number " + environment + "=", words, later, func(answer string) {
			if delete(a.Numbers, environment); answer != later {
				a.Numbers[environment] = answer
			}
		}})
		for _, gate := range a.gates(environment) {
			if gate.Reviewers == nil {
				continue
			}
			words := "Who approves in " + gate.Name + ", numbers with commas: gh api users/LOGIN --jq .id"
			questions = append(questions, question{"reviewer", "--reviewer " + gate.Name + "=", words, later, func(answer string) {
				if delete(a.Reviewers, gate.Name); answer != later {
					a.Reviewers[gate.Name] = split(answer)
				}
			}})
		}
	}
	return questions
}

// confirmed asks for a confirmation after everything has been shown.
func (f *flags) confirmed(ctx context.Context, streams Streams) bool {
	fmt.Fprint(streams.Out, "Write this? [y/N] ")
	line, _ := cli.Line(ctx, f.in)
	return strings.EqualFold(strings.TrimSpace(line), "y")
}
