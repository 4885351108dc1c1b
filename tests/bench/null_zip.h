/* SPDX-License-Identifier: MIT */
#ifndef NULL_ZIP_H
#define NULL_ZIP_H

#include "transport/transport.h"

/* A ZIP engine that answers each request when its doorbell is rung, and does nothing. */
extern const struct wd_transport_ops null_zip_transport;

#endif
