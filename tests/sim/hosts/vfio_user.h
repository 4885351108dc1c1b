/* SPDX-License-Identifier: MIT */
/*
 * A host of the model for virtual machines: a server of the vfio-user protocol, whose
 * client attaches the model as a PCI device.  Who listens for clients is in main.c.
 */
#ifndef SIM_VFIO_USER_H
#define SIM_VFIO_USER_H

#include <stdio.h>

#include "sim.h"

struct vfio_user;

/* What is to be given to sim_create(), with a struct vfio_user as its host. */
extern const struct sim_host_ops vfio_user_ops;

/* NULL without memory.  What goes wrong with clients goes to log, or NULL. */
struct vfio_user *vfio_user_create(FILE *log);
void vfio_user_destroy(struct vfio_user *host);

/*
 * Serve the client at the other end of the socket fd, which stays the caller's, with a
 * function as after power-on.  0 when the client left, -ECANCELED when stop became
 * readable, or why the client had to be dropped.  Whichever it is, the model is reset
 * and nothing of the client is left.
 */
int vfio_user_serve(struct vfio_user *host, struct sim *sim, int fd, int stop);

#endif
