package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/version"
)

func main() {
	collectEarly()
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// A command adds its flags to the application and returns what to do when it was chosen.
type command func(app *kingpin.Application) (name string, do func(std) error)

// std is what a command writes to: data to out, logs and progress to err.
type std struct {
	out, err io.Writer
}

func commands() []command {
	return []command{serveCommand, backfillCommand, checkCommand, rulesCommand, simulateCommand, powerCommand, reportCommand, doctorCommand, preflightCommand}
}

// run is main without the process: it returns the exit code.
func run(args []string, stdout, stderr io.Writer) (code int) {
	defer func() {
		switch done := recover().(type) {
		case nil:
		case terminated:
			code = int(done)
		default:
			panic(done)
		}
	}()
	app := newApplication(stdout, stderr)
	chosen := make(map[string]func(std) error)
	for _, c := range commands() {
		name, do := c(app)
		chosen[name] = do
	}
	if len(args) == 0 {
		app.UsageWriter(stderr).Usage(nil)
		return exitUsage
	}
	name, err := app.Parse(args)
	if err != nil {
		fmt.Fprintf(stderr, "ghostpair: %s; try `%s`\n", flagError(app, args, err), helpFor(app, args))
		return exitUsage
	}
	err = chosen[name](std{stdout, stderr})
	if err != nil && err.Error() != "" {
		fmt.Fprintf(stderr, "ghostpair: %s\n", err)
	}
	return exitCode(err)
}

// flagError puts the name of the flag in front of an error about its value, which the parser leaves out.
func flagError(app *kingpin.Application, args []string, err error) error {
	context, _ := app.ParseContext(args)
	if context == nil {
		return err
	}
	for _, element := range context.Elements {
		flag, ok := element.Clause.(*kingpin.FlagClause)
		if !ok || element.Value == nil {
			continue
		}
		if set := flag.Model().Value.Set(*element.Value); set != nil && set.Error() == err.Error() {
			return fmt.Errorf("--%s: %w", flag.Model().Name, err)
		}
	}
	return err
}

// helpFor returns the command line that explains what args were meant to be.
func helpFor(app *kingpin.Application, args []string) string {
	if context, _ := app.ParseContext(args); context != nil && context.SelectedCommand != nil {
		return "ghostpair " + context.SelectedCommand.FullCommand() + " --help"
	}
	return "ghostpair --help"
}

// terminated is what the flag parser panics with after it has printed help or the version: it was
// made for programs that end there.
type terminated int

func newApplication(stdout, stderr io.Writer) *kingpin.Application {
	app := kingpin.New("ghostpair", about)
	app.Terminate(func(code int) { panic(terminated(code)) })
	app.UsageWriter(stdout).ErrorWriter(stderr)
	app.UsageTemplate(usage)
	app.HelpFlag.Short('h')
	app.Version(version.Print("ghostpair"))
	return app
}

// The exit codes.
const (
	exitDone    = 0
	exitFailed  = 1 // could not do it
	exitUsage   = 2 // wrong flags or configuration
	exitFound   = 3 // done, and something was found that --fail-on names
	exitPartial = 4 // done in part
)

// exit is an error with a code of its own. Without a cause it says nothing: all was said before.
type exit struct {
	code int
	err  error
}

func (e *exit) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *exit) Unwrap() error { return e.err }

// usageError marks an error of flags or configuration.
func usageError(err error) error {
	if err == nil {
		return nil
	}
	return &exit{exitUsage, err}
}

func exitCode(err error) int {
	var e *exit
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &e):
		return e.code
	default:
		return exitFailed
	}
}
