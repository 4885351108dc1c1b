/* SPDX-License-Identifier: MIT */
/*
 * What the parts of zip_user share.
 */
#ifndef ZIP_USER_H
#define ZIP_USER_H

/* What the queue file promises, row by row; 0 if it holds. */
int zip_abi(void);

#endif
