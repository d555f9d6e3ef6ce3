/*
 * The lab's stand-in for the add-in's credential provider. It is a file to be found, and a COM server in form only:
 * the lab's logon screen looks whether it is registered and present, and draws the link itself.
 */
#include <windows.h>

HRESULT WINAPI DllGetClassObject(REFCLSID class_id, REFIID interface_id, void **object) {
  (void)class_id;
  (void)interface_id;
  *object = NULL;
  return CLASS_E_CLASSNOTAVAILABLE;
}

HRESULT WINAPI DllCanUnloadNow(void) { return S_OK; }
