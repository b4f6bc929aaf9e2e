namespace CubeFunctions.Local.Hosting;

/// <summary>The local host cannot do what was asked; the message is one line for the user.</summary>
internal sealed class LocalHostException(string message, Exception? inner = null) : Exception(message, inner);
