/* SPDX-License-Identifier: MIT */
/*
 * The kernel modules of accelerators: which are loaded, in which version, and which
 * would be loaded now.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "doctor_module.h"
#include "kernel_file.h"

#define LINE_SIZE	4096 /* bytes of a line of modules.dep that are looked at */
#define LINES_MAX	200000u	   /* of it */
#define MODULE_SIZE_MAX (8u << 20) /* bytes of a module's file */

static const struct {
	const char *name;
	bool ours;
} table[MODULES] = {
	[MODULE_WD_UACCE] = { "wd_uacce", true },
	[MODULE_WD_QM] = { "wd_hisi_qm", true },
	[MODULE_WD_ZIP] = { "wd_hisi_zip", true },
	[MODULE_WD_DUMMY] = { "wd_dummy", true },
	[MODULE_UACCE] = { "uacce", false },
	[MODULE_QM] = { "hisi_qm", false },
	[MODULE_ZIP] = { "hisi_zip", false },
};

/* ---- what is loaded ---- */

static void read_loaded(struct doctor_module *m)
{
	const char *dir = "/sys/module";

	m->loaded = path_exists("%s/%s", dir, m->name);
	if (!m->loaded)
		return;
	read_text(m->state, sizeof(m->state), "%s/%s/initstate", dir, m->name);
	read_text(m->version, sizeof(m->version), "%s/%s/version", dir,
		  m->name);
	read_text(m->srcversion, sizeof(m->srcversion), "%s/%s/srcversion", dir,
		  m->name);
}

/* ---- the file ---- */

/* All of a file, which may be compressed by gzip; NULL if it cannot be had. */
static char *read_module(const char *path, size_t *len)
{
	gzFile file = gzopen(path, "rb");
	char *data = file ? malloc(MODULE_SIZE_MAX) : NULL;
	int n = data ? gzread(file, data, MODULE_SIZE_MAX) : -1;

	if (file)
		gzclose(file);
	if (n > 0) {
		*len = (size_t)n;
		return data;
	}
	free(data);
	return NULL;
}

/* The section .modinfo has strings "key=value", each after a NUL. */
static void find_info(const char *data, size_t len, const char *key,
		      char *value, size_t size)
{
	size_t key_len = strlen(key);
	const char *end = data + len;
	const char *at = data;

	while ((at = memmem(at, (size_t)(end - at), key, key_len))) {
		const char *text = at + key_len;
		size_t n = strnlen(text, (size_t)(end - text));

		if (at > data && !at[-1] && n < size && text + n < end) {
			memcpy(value, text, n);
			value[n] = '\0';
			return;
		}
		at = text;
	}
}

static void read_file(struct doctor_module *m, const char *path)
{
	size_t len;
	char *data = read_module(path, &len);

	if (!data)
		return;
	find_info(data, len, "version=", m->file_version,
		  sizeof(m->file_version));
	find_info(data, len, "srcversion=", m->file_srcversion,
		  sizeof(m->file_srcversion));
	free(data);
}

/* Which of @modules the path is of: "updates/dkms/wd_uacce.ko.xz", or NULL. */
static struct doctor_module *module_of(struct doctor_module *modules,
				       const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	const char *dot = strstr(name, ".ko");

	if (!dot)
		return NULL;
	for (int i = 0; i < MODULES; i++) {
		size_t len = strlen(modules[i].name);

		if (len == (size_t)(dot - name) &&
		    !memcmp(name, modules[i].name, len))
			return &modules[i];
	}
	return NULL;
}

/* A line of modules.dep: a path, a colon, and what it needs. */
static void read_dep_line(struct doctor_module *modules, const char *dir,
			  char *line)
{
	struct doctor_module *m;
	char path[PATH_MAX];

	line[strcspn(line, ":\n")] = '\0';
	m = module_of(modules, line);
	if (!m)
		return;
	m->installed = ANSWER_YES;
	if (snprintf(path, sizeof(path), "%s%s%s", *line == '/' ? "" : dir,
		     *line == '/' ? "" : "/", line) < (int)sizeof(path))
		read_file(m, path);
}

static void read_installed(struct doctor_module *modules, const char *release)
{
	char dir[PATH_MAX], path[PATH_MAX + 16], line[LINE_SIZE];
	bool whole = true;
	FILE *file;

	if (!is_plain_name(release, NAME_MAX))
		return;
	snprintf(dir, sizeof(dir), "/lib/modules/%s", release);
	snprintf(path, sizeof(path), "%s/modules.dep", dir);
	file = fopen(path, "re");
	if (!file)
		return;
	for (int i = 0; i < MODULES; i++)
		modules[i].installed = ANSWER_NO;
	for (unsigned int n = 0;
	     n < LINES_MAX && fgets(line, sizeof(line), file); n++) {
		/* What is left of a long line is no line. */
		if (whole)
			read_dep_line(modules, dir, line);
		whole = strchr(line, '\n') || strlen(line) < sizeof(line) - 1;
	}
	fclose(file);
}

void gather_modules(struct doctor_facts *facts)
{
	struct doctor_module *modules = facts->modules;

	for (int i = 0; i < MODULES; i++) {
		modules[i].name = table[i].name;
		modules[i].ours = table[i].ours;
		read_loaded(&modules[i]);
	}
	read_installed(modules, facts->host.release);
}
