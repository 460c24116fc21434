package images

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/tutti-ml/tutti/dataset"
)

// This file finds the images of a folder.

// maxDepth bounds folders within folders: an fs.FS may have links that lead back.
const maxDepth = 32

// list finds classes and files.
func (f *folder) list(dir string, c *Config) error {
	l := lister{folder: f, config: c, root: dir}
	if c.Unlabelled {
		if err := l.walk(dir, 0); err != nil {
			return err
		}
		return l.finish()
	}
	entries, err := l.entries(dir)
	if err != nil {
		return err
	}
	found := map[string]bool{}
	for _, e := range entries {
		if !e.isDir {
			l.other(path.Join(dir, e.name), "lies in no class's folder")
			continue
		}
		found[e.name] = true
		f.classes = append(f.classes, e.name)
	}
	if c.ClassNames != nil {
		for _, name := range f.classes {
			if !slices.Contains(c.ClassNames, name) {
				return dataset.Malformed(path.Join(dir, name), "the folder is none of the %d ClassNames", len(c.ClassNames))
			}
		}
		f.classes = c.ClassNames
	}
	for class, name := range f.classes {
		if slices.Index(f.classes, name) != class {
			return fmt.Errorf("images: %s: ClassNames has %q twice", dir, name)
		}
		if !found[name] {
			continue
		}
		before := len(f.files)
		if err := l.walk(path.Join(dir, name), int64(class)); err != nil {
			return err
		}
		if len(f.files) == before && c.ClassNames == nil && l.others == 0 {
			return dataset.Malformed(path.Join(dir, name), "the class's folder has no image; ClassNames allow that")
		}
	}
	if len(f.classes) == 0 && l.others == 0 {
		return dataset.Malformed(dir, "has no folders, want one for each class; Unlabelled takes images without")
	}
	return l.finish()
}

// lister is a list of files in the making.
type lister struct {
	*folder
	config *Config
	root   string
	listed []string // the first of those that are no images
	others int
}

type entry struct {
	name  string
	isDir bool
}

// entries returns what is in a folder, by name, without hidden ones; links are followed.
func (l *lister) entries(dir string) ([]entry, error) {
	read, err := fs.ReadDir(l.fsys, dir)
	if err != nil {
		return nil, fmt.Errorf("images: %w", err)
	}
	var out []entry
	for _, e := range read {
		if hidden(e.Name()) {
			continue
		}
		isDir := e.IsDir()
		if e.Type()&fs.ModeSymlink != 0 {
			info, err := fs.Stat(l.fsys, path.Join(dir, e.Name()))
			if err != nil {
				return nil, fmt.Errorf("images: %w", err)
			}
			isDir = info.IsDir()
		}
		out = append(out, entry{e.Name(), isDir})
	}
	slices.SortFunc(out, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	return out, nil
}

func hidden(name string) bool {
	switch strings.ToLower(name) {
	case "__macosx", "@eadir", "thumbs.db", "ehthumbs.db", "desktop.ini":
		return true
	}
	return strings.HasPrefix(name, ".")
}

// walk adds the images of a folder and of those within: folders by their paths, files by name.
func (l *lister) walk(dir string, class int64) error {
	dirs, all := []string{dir}, []string{}
	names := map[string][]string{}
	for len(dirs) > 0 {
		d := dirs[0]
		dirs = dirs[1:]
		if strings.Count(strings.TrimPrefix(d, l.root), "/") > maxDepth {
			return fmt.Errorf("images: %s: folders are nested more than %d deep", d, maxDepth)
		}
		entries, err := l.entries(d)
		if err != nil {
			return err
		}
		all = append(all, d)
		for _, e := range entries {
			full := path.Join(d, e.name)
			switch {
			case e.isDir:
				dirs = append(dirs, full)
			case slices.Contains(l.config.Extensions, strings.ToLower(path.Ext(e.name))):
				names[d] = append(names[d], e.name)
			default:
				l.other(full, "is no image")
			}
		}
	}
	slices.Sort(all)
	for _, d := range all {
		if len(names[d]) == 0 {
			continue
		}
		l.dirs = append(l.dirs, directory{d, class})
		for _, name := range names[d] {
			l.files = append(l.files, file{int32(len(l.dirs) - 1), name})
		}
	}
	return nil
}

// other notes a file that is no sample.
func (l *lister) other(name, why string) {
	if l.config.SkipOthers {
		return
	}
	if l.others++; l.others <= 5 {
		l.listed = append(l.listed, name+" "+why)
	}
}

// finish returns the error of files that are no samples.
func (l *lister) finish() error {
	if l.others == 0 {
		return nil
	}
	more := ""
	if n := l.others - len(l.listed); n > 0 {
		more = fmt.Sprintf(", and %d more", n)
	}
	return dataset.Malformed(l.root, "%s%s; images end in %s; SkipOthers leaves out all others",
		strings.Join(l.listed, ", "), more, strings.Join(l.config.Extensions, " "))
}
